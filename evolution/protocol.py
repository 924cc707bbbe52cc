"""The interface between a search and an evaluator: requests, answers, and the protocol of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from configs.schema import EvaluationConfig, SearchConfig
from evolution.weight_settings import weights_of
from wann.genome import Genome
from wann.gradients import GradientRequest, Gradients
from wann.network import Network, Networks
from wann.population import Population

# Returns [P', W, R], or the gradients of each requested genome.
Found = NDArray[np.float64] | Sequence[Gradients]


class Outcome(Protocol):
    """Results of episodes, [P', W, R]."""

    @property
    def values(self) -> NDArray[np.float64]: ...
    @property
    def steps(self) -> NDArray[np.int64]: ...


class Evaluates(Protocol):
    """The part of an evaluator (`workers.evaluator.Evaluator`) that requests need."""

    def evaluate(self, networks: Networks, weights: NDArray, seeds: NDArray) -> Outcome: ...
    def gradients(self, requests: Sequence[GradientRequest], weights: NDArray, seeds: NDArray) -> list[Gradients]: ...


@dataclass(frozen=True)
class Answer:
    """Results of a request."""

    found: Found  # for `AskTell.tell`
    steps: int  # number simulated for it


@dataclass(frozen=True)
class Request:
    """A request for returns of P' different programs at W weights on R seeds each."""

    networks: Networks
    weights: NDArray[np.float64]  # [W]
    seeds: NDArray[np.int64]  # [R], or [W, R]

    def answered_by(self, evaluator: Evaluates) -> Answer:
        """Evaluate the request. Raises the evaluator's errors."""
        outcome = evaluator.evaluate(self.networks, self.weights, self.seeds)
        return Answer(outcome.values, int(outcome.steps.sum()))


@dataclass(frozen=True)
class RequestForGradients(Request):
    """A request for gradients of genomes at W weights on R seeds. ``networks`` are the programs of their parents."""

    genomes: Sequence[GradientRequest] = field(kw_only=True)

    def answered_by(self, evaluator: Evaluates) -> Answer:
        gradients = evaluator.gradients(self.genomes, self.weights, self.seeds)
        return Answer(gradients, sum(part.steps for part in gradients))


@dataclass(frozen=True)
class Summary:
    """One generation in numbers.

    All "best" figures are those of the genome with the highest mean return in the generation. Under a strategy that
    gathers rollouts, they are those of the genome with the highest score, over all its rollouts.
    """

    generation: int
    best_mean_return: float
    best_max_return: float
    best_num_connections: int
    median_num_connections: float
    num_unique: int
    num_failed: int
    num_restarts: int | None = None  # before this generation; None if the search never starts anew


class AskTell(Protocol):
    """A search. It asks for evaluations and is told their results.

    All random draws of a search are keyed by (seed, purpose, generation), so its `state` holds no random generator.
    """

    @property
    def generation(self) -> int:
        """The generation that `ask` is about, from 0."""
        ...

    @property
    def best(self) -> Genome | None:
        """The best genome of the last `Summary`; None before the first one."""
        ...

    def ask(self) -> Request:
        """The next request. Calls before `tell` give the same request again."""
        ...

    def tell(self, found: Found) -> Summary | None:
        """Take the results of the last request.

        Returns:
            None while the generation is not finished: ask again. At its end, its summary.

        Raises:
            ValueError: there is no outstanding request, or the results have another shape.
        """
        ...

    def candidates(self) -> Population:
        """Genomes worth confirming as champion."""
        ...

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """The state for a checkpoint: arrays and JSON metadata. Rounds of an unfinished generation are left out."""
        ...

    def restore(self, arrays: dict[str, NDArray], metadata: dict[str, Any]) -> None:
        """Restore the search from the result of `state`, with the same config and seed."""
        ...


class Behaviour(Protocol):
    """Observations and actions of networks in a task. Safe mutations are chosen by them."""

    def observe(self, network: Network, weight: float, seed: int) -> NDArray:
        """Inputs [T, I] of the T steps of an episode."""
        ...

    def actions_of(self, outputs: NDArray) -> NDArray:
        """n actions of outputs [n, O]."""
        ...


@dataclass(frozen=True)
class Setting:
    """The arguments of a search.

    Raises:
        ValueError: initial genomes have another shape.
    """

    config: SearchConfig
    evaluation: EvaluationConfig  # weights and rollouts on which a generation is scored
    seed: int  # keys every draw
    num_inputs: int
    num_outputs: int
    # They fill the first population in turn: unchanged at first, then mutated.
    initial: Sequence[Genome] = ()
    behaviour: Behaviour | None = None  # needed only for safe mutations
    groups: NDArray[np.int64] | None = None  # [1 + I + O] see `envs.task.groups_of`

    def __post_init__(self) -> None:
        shape = self.num_inputs, self.num_outputs
        if any((genome.num_inputs, genome.num_outputs) != shape for genome in self.initial):
            raise ValueError(f"expected initial genomes with {shape[0]} inputs and {shape[1]} outputs")

    def weights(self, generation: int) -> NDArray[np.float64]:
        """[W] shared weights of a generation."""
        return weights_of(self.evaluation, self.seed, generation)


@dataclass(frozen=True)
class Strategy:
    """An entry of the registry of strategies, whose names are the values of ``search.strategy``."""

    start: Callable[[Setting], AskTell]
    needs_gradients: bool = False  # the task must have gradients
    has_population: bool = True  # if false, ``search.population`` has no effect


class Outstanding:
    """The request whose results a search has not been told yet."""

    def __init__(self) -> None:
        self._request: Request | None = None

    def ask(self, make: Callable[[], Request]) -> Request:
        """The outstanding request, or a new one."""
        if self._request is None:
            self._request = make()
        return self._request

    def expect(self) -> Request:
        """The outstanding request.

        Raises:
            ValueError: there is none.
        """
        if self._request is None:
            raise ValueError("expected one tell after each ask, found results that were not asked for")
        return self._request

    def done(self) -> None:
        """Clear the request, because its results were taken or the search was restored."""
        self._request = None
