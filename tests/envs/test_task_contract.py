"""What every task must do, whatever its simulator: a walk over `envs.registry.TASKS`."""

import pickle

import numpy as np
import pytest

from envs.registry import TASKS, make_task
from envs.task import Returns
from networks import SMOOTH, random_networks, random_population
from wann import Networks, compile_population

# Options of each task to test it with; a new task needs a line.
EXAMPLES = {
    "cartpole_swingup": [{"max_steps": 60}, {"max_steps": 60, "hard": True}],
    "bipedal_walker": [
        {"max_steps": 40},
        {"max_steps": 40, "simulator": "gymnasium"},
        {"max_steps": 60, "hardcore": True, "fall_penalty": False, "stall_steps": 20},
    ],
    "car_racing": [{"max_steps": 12}, {"max_steps": 14, "stall_steps": 12}],
    "classification": [{"batch": 300}, {"batch": 100, "score": "accuracy"}],
    "gymnasium": [
        {"id": "CartPole-v1"},
        {"id": "Pendulum-v1", "max_steps": 40},
        {"id": "MountainCarContinuous-v0", "max_steps": 40},
        {"id": "Acrobot-v1", "max_steps": 200},
        {"id": "CartPoleSwingUp-v0", "max_steps": 40},
        {"id": "MountainCarContinuous-v0", "max_steps": 40, "reuse": True},
        {"id": "BipedalWalker-v3", "max_steps": 40},
        {"id": "LunarLander-v3", "max_steps": 30, "kwargs": {"continuous": True}},
    ],
}
CASES = [(name, options) for name, examples in EXAMPLES.items() for options in examples]
WEIGHTS = np.array([-1.3, 0.5, 1.7])
SEEDS = np.array([3, 11])


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, case[1].values())]))
def task(request):
    name, options = request.param
    if name in ("bipedal_walker", "car_racing") or str(options.get("id")).startswith(("Bipedal", "Lunar")):
        pytest.importorskip("Box2D")
    return make_task(name, options)


@pytest.fixture
def networks(task) -> Networks:
    return random_networks(task.num_inputs, task.num_outputs, 7, np.random.default_rng(5))


def assert_same(found: Returns, expected: Returns) -> None:
    """Equal to the last bit."""
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.steps, expected.steps)


def part(returns: Returns, *index) -> Returns:
    return Returns(returns.values[index], returns.steps[index])


def skip_other_simulator(task) -> None:
    """EnvPool draws other terrains and tracks: `test_box2d_faithful.py` compares distributions."""
    if getattr(task, "simulator", None) == "envpool":
        pytest.skip("the oracle plays in Gymnasium's environment")


def test_every_task_has_examples():
    assert set(EXAMPLES) == set(TASKS)


def test_names_and_numbers(task):
    assert task.name in TASKS
    assert isinstance(task, TASKS[task.name])
    assert len(task.input_names) == len(set(task.input_names)) == task.num_inputs >= 1
    assert len(task.output_names) == len(set(task.output_names)) == task.num_outputs >= 1
    assert task.simulated_by


def test_shapes_and_types(task, networks):
    found = task.evaluate(networks, WEIGHTS, SEEDS)
    assert found.values.shape == found.steps.shape == (7, 3, 2)
    assert found.values.dtype == np.float64
    assert found.steps.dtype == np.int64
    assert np.isfinite(found.values).all()
    assert (found.steps >= 1).all()
    assert len(np.unique(found.values)) > 4, "the networks should not all do the same"


def test_repeated_evaluation_gives_the_same_bits(task, networks):
    assert_same(task.evaluate(networks, WEIGHTS, SEEDS), task.evaluate(networks, WEIGHTS, SEEDS))


def test_a_value_does_not_depend_on_the_batch(task, networks):
    whole = task.evaluate(networks, WEIGHTS, SEEDS)
    for p, w, r in [(0, 0, 0), (2, 1, 1), (4, 2, 0), (6, 0, 1)]:
        alone = task.evaluate(networks.take([p]), WEIGHTS[[w]], SEEDS[[r]])
        assert_same(part(alone, 0, 0, 0), part(whole, p, w, r))


def test_a_value_does_not_depend_on_order_or_chunking(task, networks):
    whole = task.evaluate(networks, WEIGHTS, SEEDS)
    order = [4, 1, 6, 1, 0]
    shuffled = task.evaluate(networks.take(order), WEIGHTS[::-1], SEEDS[::-1])
    assert_same(shuffled, part(whole, *np.ix_(order, [2, 1, 0], [1, 0])))
    chunks = [task.evaluate(networks.take(rows), WEIGHTS, SEEDS) for rows in ([0, 1, 2], [3, 4, 5, 6])]
    joined = Returns(*(np.concatenate([getattr(c, field) for c in chunks]) for field in ("values", "steps")))
    assert_same(joined, whole)


def test_seeds_of_each_weight(task, networks):
    seeds = np.array([[3, 11], [11, 29], [7, 3]])
    found = task.evaluate(networks, WEIGHTS, seeds)
    for w, row in enumerate(seeds):
        assert_same(part(found, slice(None), [w]), task.evaluate(networks, WEIGHTS[[w]], row))


def test_equal_individual_weights_are_a_shared_weight(task):
    population = random_population(task.num_inputs, task.num_outputs, 5, np.random.default_rng(8))
    networks = compile_population(population)
    # Scaling by a power of two commutes with rounding, so both orders of summation give the same bits.
    shared = np.array([-1.0, 0.5, 2.0])
    individual = [np.repeat(shared[:, None], count, axis=1) for count in population.num_enabled()]
    assert_same(task.evaluate(networks, individual, SEEDS), task.evaluate(networks, shared, SEEDS))


def test_individual_weights_belong_to_their_connections(task):
    """A value computed with the weights of another connection would differ from the oracle's."""
    skip_other_simulator(task)
    rng = np.random.default_rng(21)
    population = random_population(task.num_inputs, task.num_outputs, 4, rng, max_hidden=4, activations=SMOOTH)
    networks = compile_population(population)
    weights = [rng.uniform(-1, 1, (2, count)) for count in population.num_enabled()]
    found = task.evaluate(networks, weights, SEEDS)
    for p, (network, own) in enumerate(zip(networks, weights, strict=True)):
        expected = task.evaluate_oracle(network, own, SEEDS)
        np.testing.assert_allclose(found.values[p], expected.values[0], rtol=2e-3, atol=2e-3)
        assert_same(part(task.evaluate(networks.take([p]), [own], SEEDS), 0), part(found, p))


def test_agrees_with_the_oracle(task):
    skip_other_simulator(task)
    networks = random_networks(
        task.num_inputs, task.num_outputs, 5, np.random.default_rng(13), max_hidden=4, activations=SMOOTH
    )
    weights = np.array([-0.6, 0.4, 0.9])
    found = task.evaluate(networks, weights, SEEDS)
    for p, network in enumerate(networks):
        expected = task.evaluate_oracle(network, weights, SEEDS)
        assert expected.values.shape == (1, 3, 2)
        np.testing.assert_array_equal(found.steps[p], expected.steps[0])
        np.testing.assert_allclose(found.values[p], expected.values[0], rtol=2e-3, atol=2e-3)


def test_a_pickled_task_is_equal_and_gives_the_same_bits(task, networks):
    expected = task.evaluate(networks, WEIGHTS, SEEDS)
    copy = pickle.loads(pickle.dumps(task))
    assert copy == task
    assert hash(copy) == hash(task)
    assert len(pickle.dumps(task)) < 5000, "a task travels without its environments"
    assert_same(copy.evaluate(networks, WEIGHTS, SEEDS), expected)


def test_arrays_may_be_read_only(task, networks):
    """As arrays are that come from shared memory."""
    frozen = pickle.loads(pickle.dumps(networks))
    weights, seeds = WEIGHTS.copy(), SEEDS.copy()
    for array in (*frozen.program_arrays(), frozen.connection_ids, frozen.hashes, weights, seeds):
        array.flags.writeable = False
    assert_same(task.evaluate(frozen, weights, seeds), task.evaluate(networks, WEIGHTS, SEEDS))


def test_arguments_stay_as_they_are(task, networks):
    weights, seeds = WEIGHTS.copy(), SEEDS.copy()
    before = [array.copy() for array in networks.program_arrays()]
    task.evaluate(networks, weights, seeds)
    np.testing.assert_array_equal(weights, WEIGHTS)
    np.testing.assert_array_equal(seeds, SEEDS)
    for array, copy in zip(networks.program_arrays(), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("weights", "seeds", "message"),
    [
        (np.ones((2, 2)), SEEDS, r"shared weights \[W\]"),
        (np.ones(0), SEEDS, r"shared weights \[W\]"),
        (WEIGHTS, [], "expected seeds"),
        (WEIGHTS, [[1, 2], [3, 4]], r"\[3, R\]"),
        (WEIGHTS, [1, -2], "at least 0"),
        ([np.ones((2, 50))], SEEDS, "7 networks"),
        ([np.ones((2, 0))] * 7, SEEDS, "individual weights"),
        ([np.ones((2, 50))] * 6 + [np.ones((3, 50))], SEEDS, "same W"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(task, networks, weights, seeds, message):
    with pytest.raises(ValueError, match=message):
        task.evaluate(networks, weights, seeds)


def test_networks_of_another_task_are_refused(task):
    for inputs, outputs in ((task.num_inputs + 1, task.num_outputs), (task.num_inputs, task.num_outputs + 1)):
        others = random_networks(inputs, outputs, 2, np.random.default_rng(0))
        with pytest.raises(ValueError, match="expected networks with"):
            task.evaluate(others, WEIGHTS, SEEDS)
        with pytest.raises(ValueError, match="expected networks with"):
            task.evaluate_oracle(others[0], WEIGHTS, SEEDS)
