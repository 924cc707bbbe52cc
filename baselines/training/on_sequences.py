"""Training of models of sequences: Adam on fresh episodes in every update, clipped gradients, early stopping.

With ``average`` the mean of parameters over updates is validated and kept, not the last ones.

The episodes of an update depend on the seed and the update's number alone, so training that was interrupted goes on
from its last validation to the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import process_time
from typing import Any, cast

import torch

from baselines.models.sequences.sequence_model import SequenceModel, TensorEpisodes
from baselines.training.averaging import Averages, check_average
from baselines.training.sequence_judging import judge, to_tensors
from baselines.training.trainer import Progress
from envs.sequences.episodes import Episodes
from envs.sequences.problem import Problem
from wann.torch.device import one_thread

_VALIDATION_BATCHES = 8  # each of a length of its own, where lengths differ


@dataclass(frozen=True)
class SequenceTrainer:
    """The settings of training. Results depend on all of them."""

    updates: int = 3000  # at most
    batch: int = 128  # episodes of an update
    learning_rate: float = 2e-3  # at the start
    last_rate: float = 0.05  # of the learning rate, at the end of a cosine
    warm_up: int = 1  # updates in which the learning rate rises
    clip: float = 1.0  # the norm that gradients are scaled down to
    average: float = 0.0  # decay in an update of the mean of parameters that is kept; 0: the parameters themselves
    every: int = 100  # updates between validations
    validation: int = 512  # episodes of a validation
    patience: int = 20  # validations without a better one after which training ends
    tests: int = 0  # test episodes that the model is judged on at each length; 0: as many as the problem names

    def __post_init__(self) -> None:
        check_average(self.average)


@dataclass(frozen=True)
class Point:
    """A validation: a point of the learning curve."""

    update: int
    episodes: int  # trained on so far
    cpu_seconds: float  # of this process in training and validation so far
    accuracy: float  # percent of answers
    cross_entropy: float  # mean, in nats; of numbers, the mean error

    @property
    def quality(self) -> tuple[float, float]:
        """Validations are compared by it: by accuracy, and of equal accuracies by the lower cross-entropy."""
        return self.accuracy, -self.cross_entropy


@dataclass
class TrainingState:
    """The whole state of training after a validation."""

    update: int = 0
    cpu_seconds: float = 0.0
    best_update: int = 0
    curve: list[Point] = field(default_factory=list)
    model: dict[str, torch.Tensor] = field(default_factory=dict)
    averages: dict[str, torch.Tensor] = field(default_factory=dict)  # of ``model``; empty without them
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    moments: dict[str, torch.Tensor] = field(default_factory=dict)  # of Adam, by name of the moment and parameter

    @property
    def best_point(self) -> Point:
        return next(point for point in self.curve if point.update == self.best_update)


# Told of the state after each validation; returns True to stop there.
Watcher = Callable[[TrainingState], bool]


def train_on_sequences(
    model: SequenceModel,
    problem: Problem,
    trainer: SequenceTrainer,
    seed: int,
    progress: Progress = lambda *_: None,
    state: TrainingState | None = None,
    watcher: Watcher = lambda _: False,
) -> TrainingState:
    """Train a model in place, on the device where it is. At the end it has the weights of its best validation.

    Args:
        model: as its baseline makes it.
        problem: that draws the episodes.
        trainer: settings.
        seed: of all episodes of training.
        progress: told of every update.
        state: of an earlier call that was stopped; None to begin.
        watcher: told of every validation.
    """
    training = _Training(model, problem, trainer, seed, state)
    with one_thread(next(model.parameters()).device.type):
        while not has_ended(training.state, trainer) and not (training.advance(progress) and watcher(training.state)):
            pass
    model.load_state_dict(training.state.best)
    model.eval()
    return training.state


def has_ended(state: TrainingState, trainer: SequenceTrainer) -> bool:
    """True after the last update, or too many validations without an improvement."""
    waited = (state.update - state.best_update) // trainer.every
    return state.update >= trainer.updates or (bool(state.curve) and waited >= trainer.patience)


class _Training:
    """The loop's variables."""

    def __init__(
        self, model: SequenceModel, problem: Problem, trainer: SequenceTrainer, seed: int, state: TrainingState | None
    ) -> None:
        self._model, self._problem, self._trainer, self._seed = model, problem, trainer, seed
        self._optimizer = torch.optim.Adam(model.parameters(), trainer.learning_rate)
        self._validation = validation_episodes(problem, trainer.validation)
        self._begun, self._note = process_time(), ""
        self.state = state or TrainingState()
        self._averages = Averages(model, trainer.average, self.state.update)
        if self.state.update:
            model.load_state_dict(self.state.model)
            self._judged.load_state_dict(self.state.averages or self.state.model)
            _load_moments(self._optimizer, model, self.state.moments, self.state.update)
        self._spent = self.state.cpu_seconds

    def advance(self, progress: Progress) -> bool:
        """Make one update. Returns True if it was followed by a validation."""
        self._model.train()
        trainer, done = self._trainer, self.state.update
        for group in self._optimizer.param_groups:
            group["lr"] = trainer.learning_rate * _rate(trainer, done)
        seed = batch_seed(self._seed, done)
        episodes = self._problem.draw("train", seed, trainer.batch)
        self._model.begin_update(seed)
        loss = self._model.loss(self._tensors(episodes), done / trainer.updates)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), trainer.clip)
        self._optimizer.step()
        self._averages.update()
        self.state.update = done + 1
        is_validated = (done + 1) % trainer.every == 0 or done + 1 == trainer.updates
        if is_validated:
            self._validate()
        progress(done + 1, trainer.updates, self._note)
        return is_validated

    def _validate(self) -> None:
        found = judge(self._judged, self._validation)
        state, update = self.state, self.state.update
        state.cpu_seconds = self._spent + process_time() - self._begun
        point = Point(
            update, update * self._trainer.batch, round(state.cpu_seconds, 2), found.accuracy, found.cross_entropy
        )
        state.curve.append(point)
        state.model = _copies(self._model.state_dict())
        state.averages = _copies(self._judged.state_dict()) if self._trainer.average else {}
        state.moments = _moments(self._optimizer, self._model)
        if len(state.curve) == 1 or point.quality > state.best_point.quality:
            state.best_update, state.best = update, state.averages or state.model
        self._note = f"validation {found.line}"

    @property
    def _judged(self) -> SequenceModel:
        return cast(SequenceModel, self._averages.model)

    def _tensors(self, episodes: Episodes) -> TensorEpisodes:
        return to_tensors(episodes, next(self._model.parameters()).device)


def validation_episodes(problem: Problem, count: int) -> list[Episodes]:
    """The episodes that the best update is chosen on, in batches."""
    size = max(1, count // _VALIDATION_BATCHES)
    return [problem.draw("validation", number, size) for number in range(_VALIDATION_BATCHES)]


def batch_seed(seed: int, update: int) -> int:
    """The seed of an update's episodes; no two updates of any seeds share one."""
    return seed << 32 | update


def _rate(trainer: SequenceTrainer, done: int) -> float:
    """Factor of the learning rate after ``done`` updates."""
    cosine = (1 + math.cos(math.pi * done / trainer.updates)) / 2
    return min(1, (done + 1) / trainer.warm_up) * (trainer.last_rate + (1 - trainer.last_rate) * cosine)


def _copies(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


_MOMENTS = ("exp_avg", "exp_avg_sq")


def _moments(optimizer: torch.optim.Adam, model: SequenceModel) -> dict[str, torch.Tensor]:
    return {
        f"{moment}.{name}": optimizer.state[parameter][moment].clone()
        for name, parameter in model.named_parameters()
        if parameter in optimizer.state
        for moment in _MOMENTS
    }


def _load_moments(
    optimizer: torch.optim.Adam, model: SequenceModel, moments: Mapping[str, torch.Tensor], update: int
) -> None:
    for name, parameter in model.named_parameters():
        if f"{_MOMENTS[0]}.{name}" in moments:
            kept: dict[str, Any] = {moment: moments[f"{moment}.{name}"].clone() for moment in _MOMENTS}
            optimizer.state[parameter] = {"step": torch.tensor(float(update)), **kept}
