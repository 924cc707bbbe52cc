"""The checks that every task must pass."""

from __future__ import annotations

import json
import pickle
from functools import partial
from typing import Any

import numpy as np

from envs.task import HasUntouched, Returns, Seeds, Task, Weights, options_of
from envs.testing.networks import random_networks
from envs.testing.sample import SEEDS, SHARED, Sample, expect, expect_close, expect_refused, expect_same, part
from wann.network import compile_population

_LARGEST_PICKLE = 1_000_000  # bytes; larger data belong in files, see `envs.task.ReadsFiles`


def check_names(sample: Sample) -> None:
    """The numbers and names of inputs and outputs are consistent."""
    task = sample.task
    expect(isinstance(task.name, str) and task.name != "", f"expected a name that is a text, found {task.name!r}")
    for end, count, names in (
        ("input", task.num_inputs, task.input_names),
        ("output", task.num_outputs, task.output_names),
    ):
        expect(count >= 1, f"{task.name}: expected num_{end}s of at least 1, found {count}")
        expect(
            len(names) == count and len(set(names)) == count,
            f"{task.name}: expected {count} different {end}_names, found {len(set(names))} different ones",
        )
    expect(bool(task.simulated_by), f"{task.name}: expected simulated_by to name a simulator, found nothing")


def check_options(sample: Sample) -> None:
    """Options survive the YAML of a config and the JSON of a champion file."""
    task = sample.task
    options = options_of(task)
    try:
        again: Any = type(task)(**json.loads(json.dumps(options)))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{task.name}: expected options that JSON can hold, found {options} ({error})") from error
    expect(again == task, f"{task.name}: expected an equal task from its options as JSON, found {again} for {task}")


def check_pickle(sample: Sample) -> None:
    """A task can be sent to workers: it pickles completely, is small, and is hashable."""
    task = sample.task
    message = pickle.dumps(task)
    copy = pickle.loads(message)
    expect(
        copy == task and hash(copy) == hash(task), f"{task.name}: expected an equal task after pickling, found {copy}"
    )
    found = f"found {len(message):,}"
    expect(
        len(message) <= _LARGEST_PICKLE,
        f"{task.name}: expected a pickle of at most {_LARGEST_PICKLE:,} bytes, without data or simulators, {found}",
    )
    expect_same(task, "after pickling", copy.evaluate(sample.networks, SHARED, SEEDS), sample.returns)


def check_returns(sample: Sample) -> None:
    """An evaluation gives the right shapes and types."""
    task, found = sample.task, sample.returns
    expect(isinstance(found, Returns), f"{task.name}: expected envs.task.Returns, found {type(found).__name__}")
    shape = (len(sample.networks), len(SHARED), len(SEEDS))
    parts: list[tuple[str, Any, type]] = [("values", found.values, np.float64), ("steps", found.steps, np.int64)]
    parts += [("falls", found.falls, np.bool_)] if found.falls is not None else []
    for name, array, dtype in parts:
        expect(
            np.shape(array) == shape and array.dtype == dtype,
            f"{task.name}: expected {name} {list(shape)} of {np.dtype(dtype)}, "
            f"found {list(np.shape(array))} of {getattr(array, 'dtype', type(array).__name__)}",
        )
    expect(bool((found.steps >= 0).all()), f"{task.name}: expected steps of at least 0, found {found.steps.min()}")
    expect(bool(np.isfinite(found.values).any()), f"{task.name}: expected some finite returns, found none")


def check_equal_bytes(sample: Sample) -> None:
    """The same call gives the same bytes."""
    expect_same(sample.task, "of the same call", sample.task.evaluate(sample.networks, SHARED, SEEDS), sample.returns)


def check_company(sample: Sample) -> None:
    """A value is the same when computed alone, in another order, and in another chunk."""
    task, networks, whole = sample.task, sample.networks, sample.returns
    for p, w, r in [(0, 0, 0), (2, 1, 1), (4, 2, 0), (6, 0, 1)]:
        alone = task.evaluate(networks.take([p]), SHARED[[w]], SEEDS[[r]])
        expect_same(task, f"of network {p} alone", alone, part(whole, np.ix_([p], [w], [r])))
    order = [4, 1, 6, 1, 0]
    shuffled = task.evaluate(networks.take(order), SHARED[::-1], SEEDS[::-1])
    expect_same(task, "in another order", shuffled, part(whole, np.ix_(order, [2, 1, 0], [1, 0])))
    for rows in ([0, 1, 2], [3, 4, 5, 6]):
        expect_same(task, f"of networks {rows}", task.evaluate(networks.take(rows), SHARED, SEEDS), part(whole, rows))


def check_seeds_of_weights(sample: Sample) -> None:
    """Seeds [W, R] give each weight its own."""
    task, seeds = sample.task, np.array([[3, 11], [11, 29], [7, 3]])
    found = task.evaluate(sample.networks, SHARED, seeds)
    for w, row in enumerate(seeds):
        alone = task.evaluate(sample.networks, SHARED[[w]], row)
        expect_same(task, f"of weight {w} with its own seeds", part(found, np.s_[:, [w]]), alone)


def check_individual_weights(sample: Sample) -> None:
    """Equal individual weights [W, E] act as a shared weight, and each weight belongs to its connection."""
    task, networks, counts = sample.task, compile_population(sample.smooth), sample.smooth.num_enabled()
    # Powers of two, because scaling by them commutes with rounding in any order of sums.
    shared = np.array([-1.0, 0.5, 2.0])
    equal = [np.repeat(shared[:, None], count, axis=1) for count in counts]
    found, expected = task.evaluate(networks, equal, SEEDS), task.evaluate(networks, shared, SEEDS)
    expect_close(sample, "individual weights that are all equal", found.values, "one shared weight", expected.values)
    rng = sample.rng(2)
    own = [rng.uniform(-1, 1, (2, count)) for count in counts]
    found = task.evaluate(networks, own, SEEDS)
    for p, (network, weights) in enumerate(zip(networks, own, strict=True)):
        alone = task.evaluate(networks.take([p]), [weights], SEEDS)
        expect_same(task, f"of network {p} alone with individual weights", alone, part(found, [p]))
        if sample.oracle:
            judged = task.evaluate_oracle(network, weights, SEEDS)
            expect_close(sample, "evaluate of individual weights", found.values[[p]], "evaluate_oracle", judged.values)


def check_oracle(sample: Sample) -> None:
    """The oracle has P = 1 and agrees with `evaluate`."""
    task, networks, weights = sample.task, compile_population(sample.smooth), np.array([-0.6, 0.4, 0.9])
    found = task.evaluate(networks, weights, SEEDS)
    for p, network in enumerate(networks):
        judged = task.evaluate_oracle(network, weights, SEEDS)
        shape = list(judged.values.shape)
        expect(shape == [1, 3, 2], f"{task.name}: expected values [1, 3, 2] of evaluate_oracle, found {shape}")
        if sample.oracle:
            expect_close(sample, f"evaluate of network {p}", found.values[[p]], "evaluate_oracle", judged.values)
            expect(
                np.array_equal(judged.steps, found.steps[[p]]),
                f"{task.name}: expected the steps of evaluate_oracle, {judged.steps.tolist()}, "
                f"found {found.steps[[p]].tolist()} of evaluate",
            )


def check_arguments(sample: Sample) -> None:
    """Arguments are not changed, and may be read-only, as arrays in shared memory are."""
    task, weights, seeds = sample.task, SHARED.copy(), SEEDS.copy()
    frozen = pickle.loads(pickle.dumps(sample.networks))
    arrays = (*frozen.program_arrays(), frozen.connection_ids, frozen.hashes, weights, seeds)
    before = [array.copy() for array in arrays]
    task.evaluate(frozen, weights, seeds)
    unchanged = all(np.array_equal(array, copy) for array, copy in zip(arrays, before, strict=True))
    expect(unchanged, f"{task.name}: expected evaluate to leave its arguments as they are, found others")
    for array in arrays:
        array.flags.writeable = False
    expect_same(task, "of read-only arrays", task.evaluate(frozen, weights, seeds), sample.returns)


def check_refusals(sample: Sample) -> None:
    """Shapes that do not fit, and networks of another task, raise a ValueError."""
    task, networks = sample.task, sample.networks
    count = len(networks)
    many = 1 + int(networks.connection_ids.max(initial=0))
    wrong: list[tuple[str, Weights, Seeds]] = [
        ("shared weights [2, 2]", np.ones((2, 2)), SEEDS),
        ("no shared weights", np.ones(0), SEEDS),
        ("no seeds", SHARED, []),
        ("seeds [2, R] for 3 weights", SHARED, [[1, 2], [3, 4]]),
        ("a negative seed", SHARED, [1, -2]),
        (f"individual weights of 1 network for {count}", [np.ones((2, many))], SEEDS),
        ("too few individual weights", [np.ones((2, 0))] * count, SEEDS),
        ("individual weights of different W", [np.ones((2, many))] * (count - 1) + [np.ones((3, many))], SEEDS),
    ]
    for said, weights, seeds in wrong:
        expect_refused(task, said, partial(task.evaluate, networks, weights, seeds))
    for more in ((1, 0), (0, 1)):
        inputs, outputs = task.num_inputs + more[0], task.num_outputs + more[1]
        others = random_networks(inputs, outputs, 2, sample.rng(3))
        said = f"networks of {inputs} inputs and {outputs} outputs"
        expect_refused(task, said, partial(task.evaluate, others, SHARED, SEEDS))
        expect_refused(task, f"{said} (oracle)", partial(task.evaluate_oracle, others[0], SHARED, SEEDS))


def check_reported(sample: Sample) -> None:
    """``reported`` and ``untouched`` are tasks for the same networks, and ``reported`` is idempotent."""
    task = sample.task
    others: list[tuple[str, Task]] = [("reported", task.reported), ("reported.reported", task.reported.reported)]
    if isinstance(task, HasUntouched):
        others.append(("untouched", task.untouched))
    for name, other in others:
        found = (other.num_inputs, other.num_outputs)
        expected = (task.num_inputs, task.num_outputs)
        expect(found == expected, f"{task.name}: expected {expected} inputs and outputs of {name}, found {found}")
        options_of(other)
    settled = task.reported.reported == task.reported
    expect(settled, f"{task.name}: expected reported.reported to equal reported, found {task.reported.reported}")
