"""Classification of images as a task. A seed draws a batch; a return is a score of the logits on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.images.dataset import SPLITS, Dataset
from envs.images.datasets import DATASETS, dataset_of
from envs.images.inputs import input_files, input_kinds, input_names, load_inputs
from envs.task import Returns, Seeds, Weights, check_networks, individual_weights, lane_grid, weights_of_one
from wann import batch as batch_on_cpu
from wann.batch import Backend, Batch, Scores, shared_weight_logits
from wann.errors import UserError
from wann.genome import Genome
from wann.gradients import Gradients, Pairs, gradients
from wann.network import Network, Networks
from wann.oracle import forward

# Maps indices of weight settings and a batch to returns [P, W] of all networks.
_FoundAt = Callable[[NDArray[np.int64], Batch], NDArray[np.float64]]
_ORACLE_IMAGES = 1000  # number that the oracle computes at once


@dataclass(frozen=True)
class Classification:
    """The batched task; see `envs.task.Task`. A step is an image that a network sees.

    Options:
        dataset: a key of `envs.images.datasets.DATASETS`, or a path to the user's own images (docs/tasks.md), which is
            made absolute.
        dataset_sha256: of the user's own images. A run records it and then refuses any other images.
        inputs: the conversion of pictures to inputs, one of `envs.images.inputs.input_kinds`; "auto" is the first.
        batch: number of images drawn, without repetition, for each seed; null means all of them.
        batch_seed: draws one batch for all seeds. Null draws one per seed; a search has one seed per generation.
        split: the part of the dataset.
        score: the meaning of a return: minus the mean cross-entropy (nats), the same at the logit temperature that fits
            each network and weight best (which changes no class), or the accuracy (percent).
    """

    dataset: str = "digits"
    inputs: str = "auto"
    batch: int | None = 1000
    batch_seed: int | None = None
    split: Literal["train", "validation", "test"] = "train"
    score: Literal["cross_entropy", "tempered_cross_entropy", "accuracy"] = "cross_entropy"
    dataset_sha256: str | None = None

    name: ClassVar[str] = "classification"
    simulated_by: ClassVar[str] = "lane kernels, float32"
    safe_at_home: ClassVar[bool] = True  # plain arithmetic that cannot hang or end a process

    def __post_init__(self) -> None:
        described = dataset_of(self.dataset)
        self._settle_own(described)
        # These attributes are not options, but are sent with the task. A worker then needs no path: it has the inputs
        # in its cache, or is sent them.
        object.__setattr__(self, "_described", described)
        kinds = input_kinds(described)
        if self.inputs == "auto":
            object.__setattr__(self, "inputs", next(iter(kinds)))
        if self.inputs not in kinds:
            expected = f"{' or '.join(map(repr, kinds))} for {self.dataset!r}"
            raise UserError(key="task.inputs", expected=expected, found=repr(self.inputs))
        if self.batch is not None and self.batch < 1:
            raise UserError(key="task.batch", expected="at least 1 image", found=str(self.batch))
        if self.batch_seed is not None and self.batch_seed < 0:
            raise UserError(key="task.batch_seed", expected="at least 0", found=str(self.batch_seed))
        if self.split not in SPLITS:
            raise UserError(key="task.split", expected=f"one of {', '.join(SPLITS)}", found=repr(self.split))

    def _settle_own(self, described: Dataset) -> None:
        """Record the path and the content of the user's own images. Refuse a content that differs from the recorded."""
        if self.dataset in DATASETS:
            if self.dataset_sha256 is not None:
                expected, found = "null, or a dataset of your own", f"one for {self.dataset!r}, whose content is known"
                raise UserError(key="task.dataset_sha256", expected=expected, found=found)
            return
        found = described.sha256
        if self.dataset_sha256 not in (None, found):
            raise UserError(
                key="task.dataset",
                place=described.name,
                expected=f"the images of SHA-256 {str(self.dataset_sha256)[:12]}..., as when the run began",
                found=f"others, of {found[:12]}...",
            )
        object.__setattr__(self, "dataset", described.name)
        object.__setattr__(self, "dataset_sha256", found)

    @property
    def described(self) -> Dataset:
        """The dataset's description, without its pictures."""
        return self._described  # type: ignore[attr-defined]

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the picture that a network sees. Inputs are row by row, channels last."""
        return input_kinds(self.described)[self.inputs]

    @property
    def num_inputs(self) -> int:
        rows, columns, channels = self.picture_shape
        return rows * columns * channels

    @property
    def num_outputs(self) -> int:
        return len(self.described.classes)

    @property
    def input_names(self) -> tuple[str, ...]:
        return input_names(*self.picture_shape)

    @property
    def output_names(self) -> tuple[str, ...]:
        return self.described.classes

    @property
    def preprocessing(self) -> dict[str, Any]:
        """The conversion of files to inputs; stored in champion files."""
        return {"inputs": self.inputs, "sha256": dict(self.described.fingerprint)}

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        return {
            "kind": "argmax",
            "rule": "outputs are logits; the class is that of the largest, the first of equal ones",
        }

    @property
    def reported(self) -> Classification:
        """The accuracy on all images of the validation part."""
        return replace(self, batch=None, batch_seed=None, split="validation", score="accuracy")

    @property
    def untouched(self) -> Classification:
        """The accuracy on the test part, which nothing is chosen on."""
        return replace(self.reported, split="test")

    @property
    def deterministic(self) -> bool:
        """True if all seeds give the same batch."""
        return self.batch is None or self.batch_seed is not None

    def batch_of(self, seed: int) -> Batch:
        """The images that a seed draws. The last batch is cached.

        Raises:
            UserError: the dataset is not available, or is smaller than a batch.
        """
        return _drawn(self.described, self.inputs, self.split, self.batch, self._batch_seed(seed))

    def load(self) -> None:
        """Find or fetch the dataset; see `envs.task.LoadsData`.

        Raises:
            UserError: the dataset is not available, or is smaller than a batch.
        """
        self.batch_of(0)

    def data_files(self) -> dict[str, bytes]:
        """The inputs that evaluation reads, by name below the cache directory, for machines that lack them.

        Raises:
            UserError: the dataset is not available.
        """
        return input_files(self.described, self.inputs, self.split)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed's batch; see `envs.task.Task.evaluate`."""
        return self.evaluate_by(batch_on_cpu, networks, weights, seeds)

    def evaluate_by(self, backend: Backend, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Like `evaluate`, computed by another backend."""
        check_networks(self, networks)
        grid, count = lane_grid(weights, seeds)[1], len(networks)
        if isinstance(weights, np.ndarray):
            if self.score == "cross_entropy":  # most searches need nothing else
                return self._returns(
                    count, grid, lambda chosen, batch: -backend.mean_losses(networks, weights[chosen], batch)
                )
            score = backend.tempered_scores if self.score == "tempered_cross_entropy" else backend.scores
            return self._returns(count, grid, lambda chosen, batch: self._of(score(networks, weights[chosen], batch)))
        table = np.split(individual_weights(networks, weights), networks.connection_offsets[1:-1])
        individual = backend.individual_scores
        return self._returns(
            count, grid, lambda chosen, batch: self._of(individual(networks, [t[:, chosen] for t in table], batch))
        )

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64; see `envs.task.Task.evaluate_oracle`."""
        check_networks(self, network)
        weights = np.asarray(weights, np.float64)
        grid = lane_grid(weights_of_one(weights), seeds)[1]
        return self._returns(1, grid, lambda chosen, batch: self._of(_oracle_scores(network, weights[chosen], batch)))

    def gradients(
        self, genome: Genome, weights: NDArray[np.float64], seeds: Seeds, pairs: Sequence[Pairs]
    ) -> Gradients:
        """The effect of connections on the tempered cross-entropy of the first seed's batch; see `wann.gradients`."""
        return gradients(genome, weights, self.batch_of(int(np.ravel(seeds)[0])), pairs)

    def ensemble(self, network: Network, weights: NDArray[np.float64]) -> dict[str, Any]:
        """Accuracies of one network at several weights together, on all images of the part, in percent.

        Returns:
            ``vote``: of the class that most weights choose (the first if several are equal; the published ensemble);
            ``mean_softmax``: of the class with the largest mean probability; ``per_class``: the accuracy on the images
            of each class, of the latter and, as ``by_weight`` [W], of every weight alone.
        """
        batch = replace(self, batch=None).batch_of(0)
        logits = shared_weight_logits(Networks.of([network]), weights, batch)[0].astype(np.float64)
        chosen = logits.argmax(axis=1)
        votes = (chosen[:, None] == np.arange(self.num_outputs)[:, None]).sum(axis=0)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        together = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0).argmax(axis=0)
        by_weight = self._per_class(chosen, batch.labels).T.tolist()
        per_class = self._per_class(together[None], batch.labels)[0].tolist()
        return {
            "vote": 100 * float((votes.argmax(axis=0) == batch.labels).mean()),
            "mean_softmax": 100 * float((together == batch.labels).mean()),
            "per_class": {
                name: {"mean_softmax": alone, "by_weight": at_weights}
                for name, alone, at_weights in zip(self.output_names, per_class, by_weight, strict=True)
            },
        }

    def _per_class(self, chosen: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Accuracy (percent) [S, O] on the images of each class, from chosen classes [S, B]."""
        counts = np.bincount(labels, minlength=self.num_outputs)
        right = np.stack([np.bincount(labels, row == labels, self.num_outputs) for row in chosen])
        return 100 * right / np.maximum(counts, 1)

    def _returns(self, count: int, grid: NDArray[np.int64], found_at: _FoundAt) -> Returns:
        """Returns [P, W, R] for seeds [W, R]."""
        batch_seeds = np.vectorize(self._batch_seed, otypes=[np.int64])(grid)
        values = np.empty((count, *grid.shape))
        for seed in np.unique(batch_seeds).tolist():
            batch = self.batch_of(seed)
            chosen = np.flatnonzero((batch_seeds == seed).any(axis=1))
            returns = found_at(chosen, batch)
            values[:, chosen] = np.where(batch_seeds[chosen] == seed, returns[:, :, None], values[:, chosen])
        return Returns(values, np.full(values.shape, len(batch), np.int64))

    def _of(self, found: Scores) -> NDArray[np.float64]:
        """[P, W] returns."""
        return 100 * found.accuracies if self.score == "accuracy" else -found.losses

    def _batch_seed(self, seed: int) -> int:
        """The seed of the batch. Seeds that draw the same batch give the same value."""
        if self.batch is None:
            return 0
        return seed if self.batch_seed is None else self.batch_seed


@lru_cache(maxsize=4)
def _drawn(dataset: Dataset, inputs: str, split: str, count: int | None, seed: int) -> Batch:
    pixels, labels = load_inputs(dataset, inputs, split)
    if count is None:
        return Batch(np.asarray(pixels), np.asarray(labels))
    if count > len(labels):
        expected = f"at most the {len(labels)} images of {dataset.name}'s {split} part"
        raise UserError(key="task.batch", expected=expected, found=str(count))
    rng = np.random.Generator(np.random.Philox(seed))
    rows = np.sort(rng.choice(len(labels), count, replace=False))
    return Batch(np.ascontiguousarray(pixels[:, rows]), labels[rows])


def _oracle_scores(network: Network, weights: NDArray[np.float64], batch: Batch) -> Scores:
    """Scores [1, W] in float64, some images at a time."""
    losses, correct = np.zeros((1, len(weights))), np.zeros((1, len(weights)))
    for row, weight in enumerate(weights):
        for begin in range(0, len(batch), _ORACLE_IMAGES):
            part = slice(begin, begin + _ORACLE_IMAGES)
            labels = batch.labels[part]
            logits = forward(network, weight[None], batch.inputs[:, part].T)[0]
            shifted = logits - logits.max(axis=1, keepdims=True)
            own = shifted[np.arange(len(labels)), labels]
            losses[0, row] += (np.log(np.exp(shifted).sum(axis=1)) - own).sum()
            correct[0, row] += np.count_nonzero(logits.argmax(axis=1) == labels)
    return Scores(losses / len(batch), correct / len(batch))
