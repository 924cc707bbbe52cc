"""Tasks that go wrong on purpose, for tests of evaluators. Their values are arithmetic, so that right is known."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns, Seeds, Weights, lane_grid
from holding import Hold
from wann import Network, Networks


@dataclass(frozen=True)
class ArithmeticTask:
    """A value that depends on network, weight and seed alone; every network takes ``seconds``.

    ``culprits`` are the structural hashes that the subclasses act on.
    """

    seconds: float = 0.0
    culprits: tuple[int, ...] = ()

    name: ClassVar[str] = "arithmetic"
    num_inputs: ClassVar[int] = 3
    num_outputs: ClassVar[int] = 2
    input_names: ClassVar[tuple[str, ...]] = ("a", "b", "c")
    output_names: ClassVar[tuple[str, ...]] = ("d", "e")
    simulator: ClassVar[str] = "none"
    safe_at_home: ClassVar[bool] = True

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        settings, grid = lane_grid(weights, seeds)
        values = np.zeros((len(networks), *grid.shape))
        for row, network in enumerate(networks):
            time.sleep(self.seconds)
            own = weights[settings] if isinstance(weights, np.ndarray) else weights[row].sum(axis=1)[settings]
            self.act(network.structural_hash, own, grid)
            values[row] = np.sin(network.structural_hash % 1000 + 10 * own) + 0.1 * grid
        return Returns(values, 1 + np.broadcast_to(grid, values.shape) % 7)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        return self.evaluate(Networks.of([network]), np.asarray(weights), seeds)

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        """The failure of one network; ``weights`` and ``seeds`` are [W, R]."""


@dataclass(frozen=True)
class CrowdedTask(ArithmeticTask):
    """All episodes are played in a reference simulator."""

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        found = super().evaluate(networks, weights, seeds)
        return replace(found, replayed=found.values.size)


@dataclass(frozen=True)
class KillerTask(ArithmeticTask):
    """A culprit kills the process that runs it, unless that is the driver: there it is an error."""

    driver: int = 0
    name: ClassVar[str] = "killer"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        if program in self.culprits:
            if os.getpid() == self.driver:
                raise AssertionError("a killer was run in the driver's process")
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class HeldTask(ArithmeticTask):
    """Any network holds its process at work, when asked for."""

    hold: Hold = field(kw_only=True)
    name: ClassVar[str] = "held"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        while self.hold.keeps(seeds):
            time.sleep(0.005)


@dataclass(frozen=True)
class HeldSwingUp(CartPoleSwingUp):
    """Kernels run in a process as long as it is held at work."""

    hold: Hold = field(kw_only=True)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        while self.hold.keeps(seeds):
            super().evaluate(networks, weights, seeds)
        return super().evaluate(networks, weights, seeds)


@dataclass(frozen=True)
class HangingTask(ArithmeticTask):
    name: ClassVar[str] = "hanging"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        if program in self.culprits:
            time.sleep(1000)


@dataclass(frozen=True)
class LimpingTask(ArithmeticTask):
    """The first process to run a culprit hangs on it; any other does not."""

    marker: str = ""
    name: ClassVar[str] = "limping"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        if program in self.culprits:
            try:
                Path(self.marker).touch(exist_ok=False)
            except FileExistsError:
                return
            time.sleep(1000)


_LEAKED: list[np.ndarray] = []


@dataclass(frozen=True)
class LeakyTask(ArithmeticTask):
    """Every evaluation leaves memory behind."""

    megabytes: int = 0
    name: ClassVar[str] = "leaky"

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        _LEAKED.append(np.ones(self.megabytes * 125_000))
        return super().evaluate(networks, weights, seeds)


@dataclass(frozen=True)
class RaisingTask(ArithmeticTask):
    """A culprit raises at one weight and seed (the second kind: only together with other rollouts)."""

    weight: float = 1.0
    seed: int = 1
    together: bool = False
    exits: bool = False
    name: ClassVar[str] = "raising"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        hit = (weights == self.weight) & (seeds == self.seed)
        if program in self.culprits and hit.any() and (weights.size > 1 or not self.together):
            if self.exits:
                raise SystemExit("the simulator gave up")
            raise ArithmeticError("the simulator exploded")


@dataclass(frozen=True)
class NanTask(ArithmeticTask):
    name: ClassVar[str] = "nan"

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        returns = super().evaluate(networks, weights, seeds)
        for row, network in enumerate(networks):
            if network.structural_hash in self.culprits:
                returns.values[row] = np.nan
                returns.values[row, 0] = np.inf
        return returns


@dataclass(frozen=True)
class LyingTask(ArithmeticTask):
    """Returns something else than promised, as ``lie`` says."""

    lie: str = "shape"
    name: ClassVar[str] = "lying"

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        returns = super().evaluate(networks, weights, seeds)
        lies = {
            "shape": Returns(returns.values[:, :, 0], returns.steps),
            "rows": Returns(returns.values[1:], returns.steps[1:]),
            "steps dtype": Returns(returns.values, returns.steps.astype(float)),
            "values dtype": Returns(returns.values.astype(np.int64), returns.steps),
            "negative steps": Returns(returns.values, -returns.steps),
            "no returns": returns.values,
        }
        return lies[self.lie]  # type: ignore[return-value]


@dataclass(frozen=True)
class UnloadableTask(ArithmeticTask):
    """Cannot be unpacked in another process."""

    name: ClassVar[str] = "unloadable"

    def __reduce__(self) -> tuple:
        return _fail_in_another_process, (os.getpid(),)


def _fail_in_another_process(home: int) -> ArithmeticTask:
    if os.getpid() != home:
        raise ImportError("No module named 'simulator'")
    return UnloadableTask()


@dataclass(frozen=True)
class StillbornTask(ArithmeticTask):
    """Kills every process but the driver at its first evaluation."""

    driver: int = 0
    name: ClassVar[str] = "stillborn"

    def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
        if os.getpid() != self.driver:
            os._exit(7)
