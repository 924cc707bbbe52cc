"""The tasks of weight-agnostic networks over each problem, for `envs.registry.TASKS`.

A task of one's own problem is such a class too.
"""

from __future__ import annotations

from dataclasses import dataclass

from envs.images.digits import DIGITS
from envs.images.inputs import input_files
from envs.sequences.problems.associative_retrieval import AssociativeRetrieval
from envs.sequences.problems.copy_bits import Copy
from envs.sequences.problems.copy_vectors import CopyVectors
from envs.sequences.problems.counting import Counting
from envs.sequences.problems.delayed_xor import DelayedXor
from envs.sequences.problems.digit_pictures import INPUTS, DigitsPixels, DigitsRows
from envs.sequences.problems.parity import Parity
from envs.sequences.problems.temporal_order import TemporalOrder
from envs.sequences.task import SequenceTask


@dataclass(frozen=True)
class ParityTask(SequenceTask, Parity):
    """`Parity` as a task."""


@dataclass(frozen=True)
class CopyTask(SequenceTask, Copy):
    """`Copy` as a task."""


@dataclass(frozen=True)
class CopyVectorsTask(SequenceTask, CopyVectors):
    """`CopyVectors` as a task."""


@dataclass(frozen=True)
class AssociativeRetrievalTask(SequenceTask, AssociativeRetrieval):
    """`AssociativeRetrieval` as a task. It declares its keys and values as groups (`envs.task.HasGroups`)."""


@dataclass(frozen=True)
class CountingTask(SequenceTask, Counting):
    """`Counting` as a task."""


@dataclass(frozen=True)
class DelayedXorTask(SequenceTask, DelayedXor):
    """`DelayedXor` as a task."""


@dataclass(frozen=True)
class TemporalOrderTask(SequenceTask, TemporalOrder):
    """`TemporalOrder` as a task."""


class _ReadsDigits(SequenceTask):
    """A task over scikit-learn's digits. Machines of a cluster without scikit-learn are sent the pictures."""

    def load(self) -> None:
        """Find the pictures; see `envs.task.LoadsData`."""
        self.episodes_of(0)

    def data_files(self) -> dict[str, bytes]:
        """The pictures, by name below the cache directory; see `envs.task.ReadsFiles`."""
        return input_files(DIGITS, INPUTS, self.split)


@dataclass(frozen=True)
class DigitsRowsTask(_ReadsDigits, DigitsRows):
    """`DigitsRows` as a task."""


@dataclass(frozen=True)
class DigitsPixelsTask(_ReadsDigits, DigitsPixels):
    """`DigitsPixels` as a task."""
