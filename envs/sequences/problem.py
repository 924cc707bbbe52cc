"""The contract of a sequence problem: a frozen dataclass that draws episodes by keys. Its fields are its options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from envs.sequences.episodes import Episodes
from wann.errors import UserError
from wann.randomness import Purpose, keyed_rng

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
# Further judging lengths of a problem whose own are all exceeded by its training: these times its longest.
_FACTORS = (4, 16)
# Upper limit of lengths, so that a typing error does not exhaust the memory.
MOST_STEPS = 100_000


@dataclass(frozen=True)
class Problem(ABC):
    """A distribution of sequences with right answers.

    A sequence shows what is to be remembered. If the problem asks a question, a flag among the inputs asks it, and
    answers are given in the blank steps that follow.
    """

    name: ClassVar[str]
    answers: ClassVar[Literal["classes", "bits", "numbers"]] = "classes"
    # Number of test sequences that a champion is judged on at each length.
    judging_sequences: ClassVar[int] = 128
    # In words, the quantity that a length counts.
    length_counts: ClassVar[str] = "steps"
    # True if only trained models can be asked, because no weight-agnostic network could be found.
    trained_only: ClassVar[bool] = False
    # Test episodes that a trained model is judged on, at each length.
    test_episodes: ClassVar[int] = 1000

    def __post_init__(self) -> None:  # noqa: B027 - not every problem has options to check
        """Refuse options that do not fit, by a UserError; subclasses call it."""

    @property
    @abstractmethod
    def input_names(self) -> tuple[str, ...]: ...

    @property
    @abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """One for each class, or for each bit."""

    @property
    def num_inputs(self) -> int:
        return len(self.input_names)

    @property
    def num_outputs(self) -> int:
        return len(self.output_names)

    @property
    @abstractmethod
    def judging_lengths(self) -> tuple[int, ...]:
        """Lengths that a champion is judged at: the longest of training, and longer ones."""

    @property
    def training_lengths(self) -> Sequence[int]:
        """Lengths that training draws from."""
        return self.judging_lengths[:1]

    @abstractmethod
    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        """Draw sequences; equal arguments give equal ones.

        Args:
            part: "train", "validation" or "test", which share no stream of random numbers.
            seed: of the batch, at least 0.
            count: B.
            length: of all sequences, as `length_counts` says; None draws one for the batch as in training.

        Raises:
            ValueError: a part, length or count that the problem does not have.
        """


@runtime_checkable
class JudgedToo(Protocol):
    """A problem whose models are judged on others too, with the same inputs and outputs."""

    @property
    def judged_too(self) -> Mapping[str, Problem]:
        """Them by label."""


@runtime_checkable
class HasFingerprint(Protocol):
    """A problem whose episodes come from data that may differ between machines."""

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 of the data by name."""


@dataclass(frozen=True)
class OfAnyLength(Problem):
    """A problem whose sequences have any length of at least ``least``.

    Options:
        shortest: smallest length drawn for a batch in training.
        longest: largest length drawn for a batch in training.
    """

    shortest: int = 1
    longest: int = 16

    least: ClassVar[int] = 1
    longer: ClassVar[tuple[int, ...]]  # judging lengths beside the longest of training, where they exceed it

    def __post_init__(self) -> None:
        if self.shortest < self.least:
            raise UserError(key="task.shortest", expected=f"at least {self.least}", found=str(self.shortest))
        if self.longest < self.shortest:
            expected = f"at least the shortest length, {self.shortest}"
            raise UserError(key="task.longest", expected=expected, found=str(self.longest))
        if self.longest > MOST_STEPS:
            raise UserError(key="task.longest", expected=f"at most {MOST_STEPS:,}", found=f"{self.longest:,}")
        super().__post_init__()

    @property
    def training_lengths(self) -> Sequence[int]:
        return range(self.shortest, self.longest + 1)

    @property
    def judging_lengths(self) -> tuple[int, ...]:
        longer = tuple(length for length in self.longer if length > self.longest)
        return (self.longest, *(longer or (factor * max(self.longest, 1) for factor in _FACTORS)))

    def draw(self, part: Part, seed: int, count: int, length: int | None = None) -> Episodes:
        rng = rng_of(part, seed)
        if length is None:
            length = int(rng.integers(self.shortest, self.longest, endpoint=True))
        if length < self.least or count < 1:
            raise ValueError(f"expected lengths of at least {self.least} and sequences, found {length} and {count}")
        return self.drawn(rng, count, length)

    @abstractmethod
    def drawn(self, rng: np.random.Generator, count: int, length: int) -> Episodes:
        """``count`` sequences of that length."""


def rng_of(part: Part, seed: int) -> np.random.Generator:
    """The generator of a batch of one part.

    Raises:
        ValueError: there is no such part.
    """
    if part not in PARTS:
        raise ValueError(f"expected a part among {', '.join(PARTS)}, found {part!r}")
    return keyed_rng(seed, Purpose.SEQUENCES, PARTS.index(part))
