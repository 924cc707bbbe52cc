"""CarRacing: actions, what racers see, and episodes in both simulators; `test_encoder.py` has the encoders."""

import pickle

import numpy as np
import pytest

from envs.box2d.racer.dashboard import read
from envs.box2d.racer.encoder import CONVOLUTIONAL
from envs.box2d.racer.task import CarRacing, to_actions
from envs.box2d.racer.views import VIEWS
from envs.playing import Episode
from envs.registry import make_task, task_of_champion
from networks import random_networks
from wann.champion import Champion
from wann.errors import UserError
from wann.genome import minimal_genome
from wann.network import Networks, compile_genome
from wann.oracle import forward_lanes


def test_outputs_become_actions():
    outputs = np.array([[-3, -1, -1], [0.5, 0, 0.5], [2, 7, 9]])
    np.testing.assert_array_equal(to_actions(outputs), np.float32([[-1, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1]]))
    np.testing.assert_array_equal(outputs[0], [-3, -1, -1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"simulator": "mujoco"}, "expected one of auto, lanes, gymnasium, found 'mujoco'"),
        ({"inputs": "latent"}, r"task.inputs: expected one of latents, .* found 'latent' \(did you mean 'latents'\?\)"),
        ({"max_steps": 0}, "task.max_steps: expected at least 1, found 0"),
        ({"stall_steps": -1}, "task.stall_steps: expected at least 1, found -1"),
        ({"encoder": 5}, "task.encoder"),
    ],
)
def test_wrong_options_are_one_sentence(options, message):
    with pytest.raises(UserError, match=message):
        make_task("car_racing", options)


def test_box2d_that_is_not_installed_is_one_sentence(monkeypatch):
    """Champions are confirmed in Gymnasium."""
    monkeypatch.setattr("envs.gymnasium.pool.find_spec", lambda name: None)
    with pytest.raises(UserError, match="found no package 'Box2D'"):
        CarRacing(simulator="auto")


@pytest.mark.parametrize("name", ["auto", "envpool"])
def test_lanes_play_by_default_and_under_the_older_name(name):
    task = CarRacing(simulator=name)
    assert task.simulator == "lanes" and task.simulated_by == "lane kernels 1, float32"
    assert task == CarRacing()


@pytest.mark.parametrize("view", VIEWS)
def test_inputs_have_names(view):
    task = CarRacing(inputs=view)
    assert task.num_inputs == len(set(task.input_names)) == {"latents": 16, "latents+previous": 32}.get(view, 23)
    assert task.preprocessing.get("inputs", "latents") == view


def test_reports_whole_episodes():
    task = CarRacing(max_steps=5, stall_steps=3)
    assert task.reported == CarRacing()
    assert task.reported.preprocessing == task.preprocessing


def test_a_task_travels_without_its_encoder():
    task = CarRacing()
    copy = pickle.loads(pickle.dumps(task))
    assert copy == task and hash(copy) == hash(task) and copy.preprocessing == task.preprocessing
    assert len(pickle.dumps(task)) < 1000


@pytest.fixture(params=["lanes", pytest.param("gymnasium", marks=pytest.mark.slow)])
def simulator(request) -> str:
    pytest.importorskip("Box2D")
    return request.param


def test_a_return_does_not_depend_on_the_batch(simulator):
    task = CarRacing(max_steps=12, simulator=simulator)
    networks = random_networks(16, 3, 5, np.random.default_rng(2))
    weights, seeds = np.array([-0.7, 1.4]), np.array([5, 8])
    whole = task.evaluate(networks, weights, seeds)
    assert (whole.steps == 12).all()
    assert len(np.unique(whole.values)) > 3
    for p, w, r in [(0, 0, 1), (4, 1, 0)]:
        alone = task.evaluate(networks.take([p]), weights[[w]], seeds[[r]])
        assert alone.values.item() == whole.values[p, w, r]


@pytest.mark.parametrize("view", VIEWS)
def test_the_oracle_is_a_plain_loop(view):
    pytest.importorskip("Box2D")
    task = CarRacing(max_steps=15, inputs=view)
    (network,) = random_networks(task.num_inputs, 3, 1, np.random.default_rng(4))
    environment = task.make_environment()
    observation, _ = environment.reset(seed=6)
    total = 0.0
    before = None
    for _ in range(15):
        inputs = latents = task.load_encoder().encode_frames(observation[None])
        if view == "latents+previous":
            inputs = np.concatenate([latents, latents - (latents if before is None else before)], axis=1)
        elif view == "latents+dashboard":
            inputs = np.concatenate([latents, read(observation[None])], axis=1)
        before = latents
        steer, gas, brake = np.clip(forward_lanes(network, [0.9], inputs)[0], -1, 1)
        action = np.array([steer, (gas + 1) / 2, max(brake, 0)], np.float32)
        observation, reward, *_ = environment.step(action)
        total += float(reward)
    environment.close()
    found = task.evaluate_oracle(network, [0.9], [6])
    assert found.values.item() == pytest.approx(total, abs=1e-9)
    assert found.steps.item() == 15
    with Episode(task, network, [0.9], 6) as played:
        while played.steps < 15:
            played.step()
    assert played.value == pytest.approx(total, abs=1e-9)


def test_inputs_that_need_the_frame_before_are_not_made_of_one():
    task = CarRacing(inputs="latents+previous")
    frame = np.zeros((1, 96, 96, 3), np.uint8)
    with pytest.raises(ValueError, match=r"take them from new_sight\(\)"):
        task.inputs_of(frame)
    assert task.new_sight()(frame).shape == (1, 32)


def test_a_car_that_gets_nowhere_is_stopped(simulator):
    """Without gas it earns the tiles that it stands on, and loses 0.1 at every step from then on."""
    full = minimal_genome(16, 3)
    genome = minimal_genome(16, 3, (full.sources == 0) & (full.targets == 18))
    network = Networks.of([compile_genome(genome)])
    weights = [np.array([[-1.0]])]  # of the bias on gas
    assert CarRacing(max_steps=30, simulator=simulator).evaluate(network, weights, [1]).steps.item() == 30
    steps = CarRacing(max_steps=30, stall_steps=15, simulator=simulator).evaluate(network, weights, [1]).steps.item()
    assert 15 <= steps < 25


# --- champions ---


def champion_of(inputs: int, options: dict[str, object], preprocessing: dict[str, object]) -> Champion:
    genome = minimal_genome(inputs, 3)
    names = tuple(f"input {i}" for i in range(inputs)), ("steer", "gas", "brake")
    return Champion(genome, "car_racing", *names, (1.0,), {}, {}, 0, 0, "envpool 1.2.5", options, preprocessing)


def test_a_champion_made_on_envpool_plays_in_lanes():
    own = CarRacing(encoder=str(CONVOLUTIONAL))
    champion = champion_of(16, {"encoder": str(CONVOLUTIONAL), "simulator": "envpool"}, own.preprocessing)
    task = task_of_champion(champion)
    assert isinstance(task, CarRacing) and task.simulator == "lanes" and task == own


@pytest.mark.parametrize("view", VIEWS)
def test_a_champion_keeps_its_inputs(view):
    own = CarRacing(encoder=str(CONVOLUTIONAL), inputs=view)
    champion = champion_of(own.num_inputs, {"encoder": str(CONVOLUTIONAL)}, own.preprocessing)
    assert task_of_champion(champion) == own


@pytest.mark.parametrize(
    ("inputs", "options", "changed", "message"),
    [
        (16, {"inputs": "latents+previous"}, {}, "expected 32 inputs and 3 outputs .*, found 16 and 3"),
        (23, {"inputs": "latents"}, {"inputs": "latents+dashboard"}, "expected 16 inputs and 3 outputs .*, found 23"),
        (32, {"inputs": "latents+previous"}, {"encoder_sha256": "0" * 64}, r"expected .*000000000000"),
        (16, {}, {"encoder_sha256": "0" * 64}, r"expected .*000000000000"),
    ],
)
def test_a_champion_of_other_inputs_or_another_encoder_is_one_sentence(inputs, options, changed, message):
    own = CarRacing(encoder=str(CONVOLUTIONAL))
    options = {"encoder": str(CONVOLUTIONAL), **options}
    with pytest.raises(UserError, match=message) as caught:
        task_of_champion(champion_of(inputs, options, {**own.preprocessing, **changed}))
    assert "\n" not in str(caught.value)
