"""The conformance suite on every task of `envs.registry.TASKS`, what our own tasks promise beyond it, and the suite on
tasks that break the contract.
"""

import pickle
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np
import pytest

from envs.registry import TASKS, make_task
from envs.task import Returns, check_networks, evaluate_one_by_one, lane_grid, modules_of, weights_of_one
from envs.testing import CHECKS, Sample, check_task
from envs.testing.sample import SEEDS, SHARED
from networks import random_population
from wann import compile_population, forward_lanes
from wann.oracle import Lanes

# Options of each task to test it with; a new task needs a line.
EXAMPLES = {
    "cartpole_swingup": [{"max_steps": 60}, {"max_steps": 60, "hard": True}, {"max_steps": 60, "velocities": False}],
    "bipedal_walker": [
        {"max_steps": 40},
        {"max_steps": 60, "hardcore": True, "fall_penalty": False, "stall_steps": 20, "velocities": False},
    ],
    "car_racing": [{"max_steps": 16, "inputs": "latents+dashboard"}],
    "classification": [{"batch": 300}, {"batch": 100, "score": "accuracy"}],
    "gymnasium": [
        {"id": "CartPole-v1"},
        {"id": "Pendulum-v1", "max_steps": 40},
        {"id": "CartPoleSwingUp-v0", "max_steps": 40},
        {"id": "MountainCarContinuous-v0", "max_steps": 40, "reuse": True},
    ],
    "parity": [{"batch": 20}, {"batch": 70, "longest": 6, "score": "accuracy"}],
    "copy": [{"batch": 20, "bits": 5}, {"batch": 10, "longest": 4, "lengths": "every"}],
    "copy_vectors": [{"batch": 9, "width": 3, "longest": 5}],
    "associative_retrieval": [{"batch": 20}, {"batch": 20, "published": True, "keys": 5, "lengths": "judging"}],
    "counting": [{"batch": 20}],
    "delayed_xor": [{"batch": 20}],
    "temporal_order": [{"batch": 20, "longest": 20}],
    "digits_rows": [{"batch": 20}],
    "digits_pixels": [{"batch": 5}],
}
# More of the same, in simulators that take their time.
SLOW_EXAMPLES = {
    "bipedal_walker": [{"max_steps": 20, "simulator": "gymnasium"}],
    "car_racing": [{"max_steps": 14, "stall_steps": 12}],
    "gymnasium": [
        {"id": "MountainCarContinuous-v0", "max_steps": 40},
        {"id": "Acrobot-v1", "max_steps": 200},
        {"id": "BipedalWalker-v3", "max_steps": 20},
        {"id": "LunarLander-v3", "max_steps": 30, "kwargs": {"continuous": True}},
    ],
}
CASES = [
    pytest.param((name, options), marks=marks, id="-".join([name, *map(str, options.values())]))
    for examples, marks in ((EXAMPLES, ()), (SLOW_EXAMPLES, pytest.mark.slow))
    for name, found in examples.items()
    for options in found
]


@pytest.fixture(scope="module", params=CASES)
def sample(request) -> Sample:
    name, options = request.param
    if name in ("bipedal_walker", "car_racing") or str(options.get("id")).startswith(("Bipedal", "Lunar")):
        pytest.importorskip("Box2D")
    task = make_task(name, options)
    # A racer in lanes sees other pictures than the oracle: `benchmarks.car_simulators` compares distributions.
    return Sample(task, oracle=name != "car_racing", seed=2)


def test_every_task_has_examples():
    assert set(EXAMPLES) == set(TASKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(sample, check):
    check(sample)


def test_our_own_returns(sample):
    """What the contract leaves open: a name in the registry, finite returns, whole steps, small pickles."""
    task, found = sample.task, sample.returns
    assert isinstance(task, TASKS[task.name]) and not modules_of(task)
    assert np.isfinite(found.values).all() and (found.steps >= 1).all()
    assert len(np.unique(found.values)) > 3, "the networks should not all do the same"
    assert len(pickle.dumps(task)) < 5000, "a task travels without its environments"


def test_equal_individual_weights_are_a_shared_weight_to_the_bit(sample):
    task = sample.task
    population = random_population(task.num_inputs, task.num_outputs, 5, np.random.default_rng(8))
    networks = compile_population(population)
    # Scaling by a power of two commutes with rounding, so both orders of summation give the same bits.
    shared = np.array([-1.0, 0.5, 2.0])
    individual = [np.repeat(shared[:, None], count, axis=1) for count in population.num_enabled()]
    found, expected = task.evaluate(networks, individual, SEEDS), task.evaluate(networks, shared, SEEDS)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.steps, expected.steps)


@pytest.mark.parametrize(
    ("weights", "seeds", "message"),
    [
        (np.ones((2, 2)), SEEDS, r"shared weights \[W\]"),
        (np.ones(0), SEEDS, r"shared weights \[W\]"),
        (SHARED, [], "expected seeds"),
        (SHARED, [[1, 2], [3, 4]], r"\[3, R\]"),
        (SHARED, [1, -2], "at least 0"),
        ([np.ones((2, 50))], SEEDS, "7 networks"),
        ([np.ones((2, 0))] * 7, SEEDS, "individual weights"),
        ([np.ones((2, 50))] * 6 + [np.ones((3, 50))], SEEDS, "same W"),
    ],
)
def test_shapes_that_do_not_fit_are_named(sample, weights, seeds, message):
    with pytest.raises(ValueError, match=message):
        sample.task.evaluate(sample.networks, weights, seeds)


# --- the suite itself ---


@dataclass(frozen=True)
class Echo:
    """A correct task: the return is the sum of the outputs for inputs that the seed draws."""

    gain: float = 1.0

    name: ClassVar[str] = "echo"
    num_inputs: ClassVar[int] = 2
    num_outputs: ClassVar[int] = 2
    input_names: ClassVar[tuple[str, ...]] = ("a", "b")
    output_names: ClassVar[tuple[str, ...]] = ("c", "d")
    simulated_by: ClassVar[str] = "NumPy"

    @property
    def reported(self):
        return self

    def evaluate(self, networks, weights, seeds):
        return evaluate_one_by_one(self, networks, weights, seeds)

    def evaluate_oracle(self, network, weights, seeds):
        check_networks(self, network)
        weights = np.asarray(weights, float)
        setting, seed = lane_grid(weights_of_one(weights), seeds)
        inputs = np.array([np.random.default_rng(each).normal(size=2) for each in seed.ravel()])
        outputs = forward_lanes(network, weights[setting.ravel()], inputs)
        return Returns(self.gain * outputs.sum(axis=1).reshape(1, *seed.shape), np.ones((1, *seed.shape), np.int64))


def changed(**fields):
    """An evaluation whose returns have other fields."""

    def evaluate(self, networks, weights, seeds):
        found = Echo.evaluate(self, networks, weights, seeds)
        return replace(found, **{name: change(getattr(found, name)) for name, change in fields.items()})

    return evaluate


def in_company(self, networks, weights, seeds):
    found = Echo.evaluate(self, networks, weights, seeds)
    return Returns(found.values + 1e-9 * len(networks), found.steps)


def careless(self, networks, weights, seeds):
    try:
        return Echo.evaluate(self, networks, weights, seeds)
    except ValueError:
        return None


def first_weight_only(self, networks, weights, seeds):
    if not isinstance(weights, np.ndarray):
        weights = [np.repeat(own[:, :1], own.shape[1], axis=1) for own in weights]
    return Echo.evaluate(self, networks, weights, seeds)


def one_row_of_seeds(self, networks, weights, seeds):
    seeds = np.atleast_2d(np.asarray(seeds, np.int64))[0]
    return Echo.evaluate(self, networks, weights, seeds)


@dataclass(frozen=True)
class Walk(Echo):
    """A correct task of three steps that runs networks with state."""

    keeps_state: ClassVar[bool] = True
    together: ClassVar[bool] = False  # the mistake of going on where the episode before ended

    def evaluate_oracle(self, network, weights, seeds):
        check_networks(self, network)
        weights = np.asarray(weights, float)
        _, seed = lane_grid(weights_of_one(weights), seeds)
        sums, lanes = [], Lanes(network, weights)
        for each in seed.T:
            lanes = lanes if self.together else Lanes(network, weights)
            inputs = np.array([np.random.default_rng(one).normal(size=(3, 2)) for one in each])
            sums.append(sum(lanes.step(inputs[:, step]).sum(axis=1) for step in range(3)))
        return Returns(np.stack(sums, axis=1)[None], np.full((1, *seed.shape), 3, np.int64))


_DRAWS = np.random.default_rng(0)
BROKEN = {
    "a name twice": ({"input_names": ("a", "a")}, "expected 2 different input_names, found 1"),
    "names too few": ({"output_names": ("c",)}, "expected 2 different output_names, found 1"),
    "no simulator": ({"simulated_by": ""}, "expected simulated_by to name a simulator"),
    "a shape": ({"evaluate": changed(values=lambda v: v[:, :, 0])}, r"expected values \[7, 3, 2\] of float64, found"),
    "a type": ({"evaluate": changed(steps=lambda s: s.astype(float))}, r"expected steps .* of int64, found .* float64"),
    "steps below 0": ({"evaluate": changed(steps=lambda s: -s)}, "expected steps of at least 0, found -1"),
    "only NaN": ({"evaluate": changed(values=lambda v: v * np.nan)}, "expected some finite returns"),
    "chance": ({"evaluate": changed(values=lambda v: v + _DRAWS.random())}, "expected equal values of the same call"),
    "company": ({"evaluate": in_company}, "expected equal values of network 0 alone"),
    "seeds of weights": ({"evaluate": one_row_of_seeds}, "with its own seeds"),
    "weights of others": ({"evaluate": first_weight_only}, "evaluate of individual weights"),
    "another oracle": ({"evaluate": changed(values=lambda v: v + 0.1)}, "evaluate_oracle gives"),
    "nothing refused": ({"evaluate": careless}, r"expected a ValueError for shared weights \[2, 2\], found returns"),
    "reported on and on": (
        {"reported": property(lambda self: type(self)(self.gain + 1))},
        "expected reported.reported to equal reported",
    ),
    "preprocessing": ({"preprocessing": np.ones(2)}, "expected plain JSON values of preprocessing"),
    "groups that are not there": (
        {"input_groups": ((0, 2),), "output_groups": ()},
        r"expected groups of indices from 0 to 1, found \(0, 2\)",
    ),
    "groups that overlap": (
        {"input_groups": (), "output_groups": ((0, 1), (1,))},
        "expected no output in two groups, or twice in one",
    ),
    "no group": ({"input_groups": (), "output_groups": ()}, "expected at least one group, found none"),
    "a state that is said to be kept": ({"keeps_state": 1}, "expected keeps_state to be true or false"),
    "state of the episode before": (
        {"keeps_state": True, "together": True, "evaluate_oracle": Walk.evaluate_oracle},
        "expected equal values of network 7, which has state, alone",
    ),
    "a choice of nothing": ({"input_choice": "sight"}, "expected input_choice to name an option, found 'sight'"),
    "no episodes together": ({"oracle_together": 0}, "expected oracle_together from 1, found 0"),
    "files outside": ({"data_files": lambda self: {"/etc/x": b""}}, "below the cache directory, found '/etc/x'"),
}


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_broken_task_is_told_what_is_wrong(break_it):
    with pytest.raises(AssertionError, match=BROKEN[break_it][1]) as caught:
        check_task(broken(break_it)())
    assert str(caught.value).startswith("echo: expected") and "\n" not in str(caught.value)


@cache
def broken(break_it):
    """A class that is pickled by way of this function, as it has no name of its own."""
    again = {"__reduce__": lambda self: (_make_broken, (break_it, self.gain))}
    return type("Broken", (Echo,), BROKEN[break_it][0] | again)


def _make_broken(break_it, gain):
    return broken(break_it)(gain)


def test_options_that_json_cannot_hold():
    with pytest.raises(AssertionError, match=r"expected options that JSON can hold|an equal task from its options"):
        check_task(Echo(np.float64(1) * 1j))


def test_a_correct_task_passes():
    check_task(Echo())
    check_task(Echo(0.5), tolerance=1e-12)
    check_task(Walk())
    assert modules_of(Echo()) == (__name__,)


def test_one_by_one_keeps_falls_and_failures():
    class Falling(Echo):
        def evaluate_oracle(self, network, weights, seeds):
            found = Echo.evaluate_oracle(self, network, weights, seeds)
            return replace(found, falls=found.values < 0, failures={"kind": str(network.structural_hash)})

    sample = Sample(Falling())
    found = sample.returns
    np.testing.assert_array_equal(found.falls, found.values < 0)
    assert found.failures == {"kind": str(sample.networks[0].structural_hash)}


def test_a_task_with_another_simulator_than_its_oracle_can_pass():
    check_task(broken("another oracle")(), oracle=False)
