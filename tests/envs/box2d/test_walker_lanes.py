"""Walkers in lanes against Gymnasium's environment: every body, observation and reward of every step, bit by bit.

Where the platform rounds otherwise (`envs.box2d.simulators.has_gymnasiums_bits`), the first steps agree closely, and
`test_faithful` compares distributions of returns.
"""

from __future__ import annotations

from collections.abc import Callable

import gymnasium
import numpy as np
import pytest

pytest.importorskip("Box2D")

from envs.box2d.engine.vectors import LANES
from envs.box2d.racer.task import CarRacing
from envs.box2d.simulators import has_gymnasiums_bits
from envs.box2d.walker import evaluation, kernels
from envs.box2d.walker.physics import NUM_OUTPUTS
from envs.box2d.walker.scene import TERRAIN_LENGTH, TERRAIN_STEP
from envs.box2d.walker.task import BipedalWalker
from envs.box2d.walker.terrain import make_grounds
from lane_stepping import LaneWalkers
from networks import random_networks
from places import CHAMPIONS
from wann import Networks, compile_genome
from wann.champion import load_champion
from wann.kernels.wave_forward import wave_outputs

SAME = has_gymnasiums_bits()
WEIGHTS = np.array([-1.5, 0.5, 2.0])
WALKERS = (("walker_one_weight", 0.9), ("walker_random_weight", -1.75))

# Maps steps so far and observations [LANES, 24] to actions [LANES, 4].
Policy = Callable[[int, np.ndarray], np.ndarray]


# --- terrain ---


def built(seed: int, hardcore: bool) -> gymnasium.Env:
    """An environment whose world is made, but not yet stepped."""
    environment = gymnasium.make(BipedalWalker(hardcore).id, disable_env_checker=True).unwrapped
    environment.step = lambda action: (None,)  # reset ends with a step
    environment.reset(seed=seed)
    return environment


@pytest.mark.parametrize("hardcore", [False, True], ids=["plain", "hardcore"])
@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 300), marks=pytest.mark.slow)], ids=["20", "300"])
def test_terrains_are_gymnasiums(seeds, hardcore):
    """Edges, polygons with normals and centroids, and the push. Draws and float64 are the same on every platform."""
    grounds, pushes = make_grounds(seeds, hardcore)
    heights = np.concatenate([grounds.edges[:, :, 1], grounds.edges[:, -1:, 3]], axis=1)
    for ground, seed in enumerate(seeds):
        environment = built(seed, hardcore)
        np.testing.assert_array_equal(heights[ground], np.array(environment.terrain_y, np.float32))
        np.testing.assert_array_equal(
            grounds.edges[ground, :, 0], np.array(environment.terrain_x, np.float32)[: TERRAIN_LENGTH - 1]
        )
        shapes = [fixture.shape for body in environment.terrain[::-1] for fixture in body.fixtures]
        polygons = [shape for shape in shapes if type(shape).__name__ == "b2PolygonShape"]
        assert grounds.num_polygons[ground] == len(polygons) and (len(polygons) > 0) == hardcore
        for row, polygon in zip(grounds.polygons[ground], polygons, strict=False):
            np.testing.assert_array_equal(row[:8], np.array(polygon.vertices, np.float32).ravel())
            np.testing.assert_array_equal(row[8:16], np.array(polygon.normals, np.float32).ravel())
            np.testing.assert_array_equal(row[16:18], np.array(polygon.centroid, np.float32))
        assert abs(pushes[ground]) <= 5
    assert grounds.pitch == TERRAIN_STEP


# --- steps ---


def bodies_of(environment: gymnasium.Env) -> np.ndarray:
    """[5, 6] as `LaneWalkers.bodies` gives them."""
    world = environment.unwrapped
    return np.array(
        [
            (*body.worldCenter, body.angle, *body.linearVelocity, body.angularVelocity)
            for body in (world.hull, *world.legs)
        ],
        np.float32,
    )


def compare(seeds: range, hardcore: bool, policy: Policy, most_steps: int) -> tuple[int, int]:
    """Step lanes and environments beside each other until all are over. Returns steps and polygon contacts."""
    lanes = LaneWalkers(seeds, hardcore)
    environments = [gymnasium.make(BipedalWalker(hardcore).id, disable_env_checker=True) for _ in seeds]
    observations = np.stack([environments[lane].reset(seed=seed)[0] for lane, seed in enumerate(seeds)])
    np.testing.assert_array_equal(lanes.observations, observations) if SAME else None
    playing, count, contacts = list(range(LANES)), 0, 0
    for step in range(most_steps if SAME else min(most_steps, 5)):
        actions = policy(step, lanes.observations)
        rewards, over = lanes.step(actions)
        bodies = lanes.bodies()
        for lane in playing.copy():
            observation, reward, terminated, _, _ = environments[lane].step(actions[lane])
            count += 1
            where = f"seed {seeds[lane]}, step {step}"
            assert bool(over[lane]) == terminated, where
            if terminated:
                playing.remove(lane)  # a fallen walker's state is read by nothing
                assert rewards[lane] == np.float32(reward), where
                continue
            found = np.concatenate([bodies[lane].ravel(), lanes.observations[lane], rewards[lane : lane + 1]])
            expected = np.concatenate([bodies_of(environments[lane]).ravel(), observation, [np.float32(reward)]])
            if SAME:
                np.testing.assert_array_equal(found, expected, err_msg=where)
            else:
                np.testing.assert_allclose(found, expected, atol=1e-2, err_msg=where)
            contacts += hardcore and touched_polygons(environments[lane])
        if not playing:
            break
    for environment in environments:
        environment.close()
    return count, contacts


def touched_polygons(environment: gymnasium.Env) -> int:
    contacts = environment.unwrapped.world.contacts
    return sum(c.touching and type(c.fixtureA.shape).__name__ == "b2PolygonShape" for c in contacts)


def at_random(seed: int, strength: float = 1.0) -> Policy:
    """New actions every few steps."""
    rng = np.random.default_rng(seed)
    held = np.zeros((LANES, NUM_OUTPUTS), np.float32)

    def policy(step: int, observations: np.ndarray) -> np.ndarray:
        if step % 3 == 0:
            held[:] = np.clip(rng.normal(0, strength, held.shape), -1, 1)
        return held.copy()

    return policy


def by_network(networks: Networks, weight: float) -> Policy:
    """Of the first network, in float32."""

    def policy(step: int, observations: np.ndarray) -> np.ndarray:
        outputs = np.empty((LANES, NUM_OUTPUTS), np.float32)
        zeros = np.zeros(LANES, np.int64)
        weights = np.full((1, 1), weight, np.float32)
        wave_outputs(networks.program_arrays(), weights, False, zeros, zeros, observations.astype(np.float64), outputs)
        return np.clip(outputs, -1, 1)

    return policy


def champion(name: str, weight: float) -> tuple[Networks, float]:
    return Networks.of([compile_genome(load_champion(CHAMPIONS / f"{name}.json").genome)]), weight


@pytest.mark.parametrize("hardcore", [False, True], ids=["plain", "hardcore"])
def test_random_actions(hardcore):
    count, _ = compare(range(LANES), hardcore, at_random(1), 60)
    assert count > (500 if SAME else 50)


def test_a_champion_walks_as_in_gymnasium():
    count, _ = compare(range(LANES), False, by_network(*champion(*WALKERS[0])), 70)
    assert count == 70 * LANES or not SAME


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "weight"), WALKERS)
def test_whole_champion_episodes(name, weight):
    """32 of them, for each champion 16."""
    count, _ = compare(range(50, 50 + LANES), False, by_network(*champion(name, weight)), 1600)
    assert count > 10_000 or not SAME


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", [100, 200, 300])
def test_whole_episodes_of_random_actions(first):
    compare(range(first, first + LANES), False, at_random(first, 0.7), 1600)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_hardcore_episodes_with_many_polygon_contacts():
    """112 episodes. A walker of the plain terrain gets to the first obstacles, and stumbles over them."""
    total = 0
    networks, weight = champion(*WALKERS[0])
    for first in range(0, 7 * LANES, LANES):
        policy = at_random(first) if first % 64 == 48 else by_network(networks, weight)
        total += compare(range(first, first + LANES), True, policy, 400)[1]
    assert total > 3000 or not SAME


# --- episodes ---


@pytest.fixture(scope="module")
def networks() -> Networks:
    return random_networks(24, 4, 6, np.random.default_rng(6), activations=("sin", "cos", "gaussian", "linear"))


def assert_equal(found, expected, rows=slice(None)) -> None:
    assert found.values[rows].tobytes() == expected.values.tobytes()
    assert found.steps[rows].tobytes() == expected.steps.tobytes()
    assert found.falls[rows].tobytes() == expected.falls.tobytes()


@pytest.mark.parametrize(
    "options", [{}, {"stall_steps": 30}, {"max_steps": 100, "fall_penalty": False}], ids=["whole", "stalls", "short"]
)
def test_returns_are_those_of_gymnasium_and_the_same_networks(networks, options):
    """Outputs in float32 on both sides: `evaluate` in waves of Gymnasium's environments."""
    seeds, options = [3, 11], {"max_steps": 150, **options}
    ours = BipedalWalker(simulator="lanes", **options).evaluate(networks, WEIGHTS, seeds)
    theirs = BipedalWalker(simulator="gymnasium", **options).evaluate(networks, WEIGHTS, seeds)
    assert (0.1 < ours.falls.mean() < 0.9) or options.get("stall_steps")
    if SAME:
        assert_equal(ours, theirs)
    else:
        assert np.corrcoef(ours.values.ravel(), theirs.values.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("hardcore", [False, True], ids=["plain", "hardcore"])
def test_a_lane_is_alone(networks, hardcore, monkeypatch):
    """The same bits whatever the company, the position, the pool and the refilling, and whatever chunk."""
    task, seeds = BipedalWalker(hardcore, max_steps=90), np.arange(7)
    whole = task.evaluate(networks, WEIGHTS, seeds)
    assert len(np.unique(whole.steps)) > 5, "lanes are refilled at various steps"
    for p in (0, 3):
        assert_equal(whole, task.evaluate(networks.take([p]), WEIGHTS, seeds), slice(p, p + 1))
    order = [4, 1, 5, 0, 2, 3]
    permuted = task.evaluate(networks.take(order), WEIGHTS[::-1], seeds[::-1])
    assert_equal(
        whole,
        permuted.__class__(
            *(
                np.ascontiguousarray(part[np.argsort(order)][:, ::-1, ::-1])
                for part in (permuted.values, permuted.steps, permuted.falls)
            )
        ),
    )
    monkeypatch.setattr(kernels, "GROUPS", 1)
    assert_equal(whole, task.evaluate(networks, WEIGHTS, seeds))
    monkeypatch.setattr(evaluation, "_MOST_GROUNDS", 3)
    assert_equal(whole, task.evaluate(networks, WEIGHTS, seeds))


def test_weights_of_connections_of_their_own(networks):
    """Each setting filled with one number is that shared weight."""
    task = BipedalWalker(max_steps=60)
    own = [np.repeat(WEIGHTS[:, None], network.connection_ids.max() + 1, axis=1) for network in networks]
    shared, individual = task.evaluate(networks, WEIGHTS, [1, 2]), task.evaluate(networks, own, [1, 2])
    np.testing.assert_allclose(individual.values[..., 0], shared.values[..., 0], rtol=0.3, atol=20)
    assert (individual.steps > 0).all()


def test_what_a_network_sees_is_what_gymnasium_shows(networks):
    """`observe` of a whole episode, that falls."""
    seen = BipedalWalker().observe(networks[0], 2.0, 5)
    steps = BipedalWalker().evaluate(networks.take([0]), np.array([2.0]), [5]).steps.item()
    assert seen.shape == (steps, 24)
    environment = gymnasium.make("BipedalWalker-v3", disable_env_checker=True)
    np.testing.assert_allclose(seen[0], environment.reset(seed=5)[0], atol=0 if SAME else 1e-3)
    environment.close()


def test_outputs_that_are_no_numbers_end_their_episodes(networks):
    """As in waves: NaN, without a step, and an example."""
    huge = [np.full((1, network.connection_ids.max() + 1), np.nan) for network in networks]
    for simulator in ("lanes", "gymnasium"):
        found = BipedalWalker(simulator=simulator, max_steps=5).evaluate(networks, huge, [4])
        assert np.isnan(found.values).any()
        assert not found.steps[np.isnan(found.values)].any()
        assert found.failures == {
            "output": "BipedalWalker-v3: a network with an output that is no number (seed 4, step 0)"
        }


def test_networks_see_as_much_before_an_output_that_is_no_number_as_in_gymnasium():
    (network,) = random_networks(24, 4, 1, np.random.default_rng(6), activations=("linear",))
    seen = [BipedalWalker(simulator=simulator).observe(network, np.nan, 4) for simulator in ("lanes", "gymnasium")]
    assert seen[0].shape == seen[1].shape == (1, 24)
    np.testing.assert_allclose(seen[0], seen[1], atol=0 if SAME else 1e-3)


@pytest.fixture
def crowded(monkeypatch):
    """The first terrain of a call has twelve boxes under one foot, which no terrain of Gymnasium has."""
    plain = kernels.make_grounds

    def crowd(seeds, hardcore):
        grounds, pushes = plain(seeds, True)
        grounds.polygons[0, :12] = grounds.polygons[0, 0]
        middle, step = TERRAIN_STEP * 10, np.float32(0.01)
        for i in range(12):
            left, right = middle - 1 + i * step, middle + 1 + i * step
            box = grounds.polygons[0, i]
            box[[0, 2]], box[[4, 6]], box[[1, 7]], box[[3, 5]] = right, left, 2.0, 3.33
            box[18:22] = [left - 0.11, 1.89, right + 0.11, 3.44]
        grounds.num_polygons[0] = 12
        return grounds, pushes

    monkeypatch.setattr(kernels, "make_grounds", crowd)


def test_episodes_of_more_contacts_than_there_is_room_for_are_gymnasiums(networks, crowded):
    task, reference = BipedalWalker(True, max_steps=9), BipedalWalker(True, max_steps=9, simulator="gymnasium")
    found, expected = (each.evaluate(networks, WEIGHTS[:2], [9, 10]) for each in (task, reference))
    assert found.replayed == 12, "those of the first seed"
    assert found.values[..., 0].tobytes() == expected.values[..., 0].tobytes()
    assert not found.failures
    if SAME:
        assert_equal(found, expected)


def test_what_a_network_sees_among_too_many_contacts_is_gymnasiums(networks, crowded, monkeypatch):
    monkeypatch.setattr("envs.box2d.walker.task.inputs_met", lambda *arguments: arguments)
    task, network = BipedalWalker(True), networks[0]
    assert task.observe(network, 2.0, 9) == (task, network, 2.0, 9)


@pytest.mark.parametrize("simulator", ["lanes", "gymnasium"])
@pytest.mark.parametrize("task", [BipedalWalker, CarRacing])
def test_no_networks_have_no_episodes(task, simulator):
    networks = random_networks(task().num_inputs, task.num_outputs, 1, np.random.default_rng(0))
    found = task(simulator=simulator).evaluate(networks.take(np.zeros(0, int)), WEIGHTS, [1, 2])
    assert found.values.shape == found.steps.shape == (0, 3, 2)
    assert not found.failures


def test_a_walker_begins_the_same_wherever_others_walked_before():
    """Whatever a lane has kept, a new episode is that of a new lane."""
    fresh, used = LaneWalkers(range(LANES)), LaneWalkers(range(LANES))
    policy = at_random(3)
    for step in range(30):
        used.step(policy(step, used.observations))
    used.restart()
    np.testing.assert_array_equal(used.observations, fresh.observations)
    for step in range(20):
        actions = policy(step, fresh.observations)
        np.testing.assert_array_equal(used.step(actions)[0], fresh.step(actions)[0])
    np.testing.assert_array_equal(used.bodies(), fresh.bodies())
