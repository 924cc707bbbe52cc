"""Training a topology's weights without gradients: separable CMA-ES (Ros & Hansen 2008), as in the package cmaes.

What is sought are the offsets of all parameters from where they start. The separable variant keeps a variance for each
and no covariances, so that thousands of them are no burden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from baselines.models.model import Model
from baselines.models.topology import Topology
from baselines.training.examples import Examples
from baselines.training.trainer import BestEpoch, Progress, Trained, TrainedBy, Trainer
from wann.batch import Batch, individual_scores
from wann.network import Networks
from wann.torch.device import one_thread


@dataclass(frozen=True)
class CmaEsTrainer(Trainer):
    """An epoch is a number of generations; after it the mean of the distribution is scored on the validation part."""

    generations: int = 100  # of an epoch
    population: int = 32  # candidates of a generation
    sigma: float = 0.01  # standard deviation of all offsets at the start
    batch: int = 5000  # images of a generation, the same for all its candidates; at most all

    trained_by: ClassVar[TrainedBy] = "evolution"
    on_gpu: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("cmaes",)

    def train(
        self, model: Model, training: Examples, validation: Examples, generator: torch.Generator, progress: Progress
    ) -> Trained:
        """See `Trainer.train`. On one CPU a seed gives the same bits."""
        from cmaes import SepCMA

        assert isinstance(model, Topology)
        seed = int(torch.randint(2**62, (1,), generator=generator))
        first = parameters_to_vector(model.parameters()).detach().numpy().astype(np.float64)
        search = SepCMA(
            np.zeros(len(first)),
            self.sigma,
            seed=int(np.random.SeedSequence(seed).generate_state(1)[0]),
            population_size=self.population,
        )
        objective = _Objective(model, training, self.batch)
        best, total = BestEpoch(model, validation, self), self.epochs * self.generations
        with one_thread("cpu"):
            for epoch in range(1, self.epochs + 1):
                for generation in range((epoch - 1) * self.generations, epoch * self.generations):
                    offsets = np.stack([search.ask() for _ in range(self.population)])
                    losses = objective.losses(first + offsets, _rng(seed, generation))
                    search.tell(list(zip(offsets, losses.tolist(), strict=True)))
                    progress(generation + 1, total, best.note)
                vector_to_parameters(torch.from_numpy((first + search.mean).astype(np.float32)), model.parameters())
                if best.is_last(epoch):
                    break
        progress(total, total, best.note)
        return best.restore()


def _rng(seed: int, generation: int) -> np.random.Generator:
    """Of a generation's images: they do not depend on what was drawn before."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(generation,))))


class _Objective:
    """The cross-entropy of a topology at many settings of its parameters, by the kernels that score champions."""

    def __init__(self, model: Topology, training: Examples, batch: int) -> None:
        self._networks = Networks.of([model.network])
        self._inputs, self._labels = training.inputs.numpy(), training.labels.numpy()
        self._batch = min(batch, len(training))

    def losses(self, parameters: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Mean over images that are drawn once for all (nats).

        Args:
            parameters: [n, E + 1], as `Topology` has them.
            rng: draws the images, without repetition.

        Returns:
            [n]; infinite where it is no number.
        """
        rows = rng.choice(len(self._labels), self._batch, replace=False, shuffle=False)
        batch = Batch(self._inputs[rows].T, self._labels[rows])
        weights, scales = parameters[:, :-1].T.astype(np.float32), np.exp(parameters[:, -1]).astype(np.float32)
        losses = individual_scores(self._networks, [weights], batch, scales).losses[0]
        return np.where(np.isnan(losses), np.inf, losses)
