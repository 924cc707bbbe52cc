"""CarRacing: frames to latents, outputs to actions, and episodes in both simulators."""

import pickle
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from configs import load_config, stage_config
from envs.box2d.racer.dashboard import read
from envs.box2d.racer.encoder import DEFAULT, Encoder, load_encoder, read_encoder
from envs.box2d.racer.frames import preprocess
from envs.box2d.racer.task import CarRacing, to_actions
from envs.box2d.racer.views import VIEWS
from envs.playing import Episode
from envs.registry import make_task
from experiment.build import task_of
from experiment.plan import settled
from networks import random_networks
from wann.errors import UserError
from wann.genome import minimal_genome
from wann.network import Networks, compile_genome
from wann.oracle import forward_lanes


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (9, 96, 96, 3)).astype(np.uint8)


@pytest.fixture
def encoder() -> Encoder:
    return Encoder(read_encoder(DEFAULT).weights)


def area_matrix(source: int, target: int) -> np.ndarray:
    """Row i averages the sources that output i covers, each by the part of it that is covered."""
    edges = np.arange(target + 1) * source / target
    cells = np.arange(source)
    covered = np.minimum(cells + 1, edges[1:, None]) - np.maximum(cells, edges[:-1, None])
    return np.clip(covered, 0, 1) * target / source


def test_frames_are_averaged_over_areas(frames):
    rows, columns = area_matrix(84, 64), area_matrix(96, 64)
    expected = np.einsum("ia,nabc,jb->nijc", rows, frames[:, :84] / 255, columns)
    np.testing.assert_allclose(preprocess(frames), expected, atol=1e-6)
    assert preprocess(np.full((1, 96, 96, 3), 255, np.uint8)).max() == pytest.approx(1, abs=1e-6)


def test_the_dashboard_is_not_seen(frames):
    other = frames.copy()
    other[:, 84:] = 255 - other[:, 84:]
    np.testing.assert_array_equal(preprocess(other), preprocess(frames))


@pytest.mark.parametrize("bad", [np.zeros((96, 96, 3), np.uint8), np.zeros((1, 96, 96, 3), np.float32)])
def test_other_frames_are_refused(bad):
    with pytest.raises(ValueError, match=r"expected frames \[B, 96, 96, 3\] of uint8"):
        preprocess(bad)


def test_latents_are_the_same_bits_in_every_position_and_company(encoder, frames):
    """A return would otherwise depend on which other episodes are in its wave."""
    rng = np.random.default_rng(1)
    alone = encoder.encode_frames(frames[:1])[0]
    assert len(np.unique(alone)) == 16
    for size in (1, 2, 3, 4, 5, 7, 8, 16):
        for position in range(size):
            company = rng.integers(0, 256, (size, 96, 96, 3)).astype(np.uint8)
            company[position] = frames[0]
            np.testing.assert_array_equal(encoder.encode_frames(company)[position], alone)


def test_the_encoder_is_convolutions_relu_and_a_dense_layer(encoder, frames):
    """Against sums written out in float64."""
    weights = {name: array.astype(np.float64) for name, array in read_encoder(DEFAULT).weights.items()}
    values = preprocess(frames[:1])[0].astype(np.float64)
    for number in range(1, 5):
        kernel, bias = weights[f"conv{number}.weight"], weights[f"conv{number}.bias"]
        windows = np.lib.stride_tricks.sliding_window_view(values, (4, 4), axis=(0, 1))[::2, ::2]
        values = np.maximum(np.einsum("ijcab,ocab->ijo", windows, kernel) + bias, 0)
    assert values.shape == (2, 2, 256)
    expected = weights["mu.weight"] @ values.ravel() + weights["mu.bias"]
    np.testing.assert_allclose(encoder.encode_frames(frames[:1])[0], expected, rtol=1e-4, atol=1e-5)


def test_the_encoder_that_comes_with_the_package_says_how_it_was_made():
    assert DEFAULT.stat().st_size <= 4_000_000
    provenance = read_encoder(DEFAULT).provenance
    assert provenance["command"].startswith("train_vae.py ")
    assert provenance["held_out"]["gymnasium"]["error"] < provenance["held_out"]["gymnasium"]["mean_frame_error"] / 3
    assert provenance["held_out"]["probe"]["offset_r2"] > 0.5


# --- files ---


def test_a_missing_encoder_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"expected an encoder file at .*absent.safetensors, found none"):
        make_task("car_racing", {"encoder": str(tmp_path / "absent.safetensors")})


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", DEFAULT.read_bytes()[:100_000]])
def test_a_damaged_encoder_is_one_sentence(tmp_path, content):
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"expected a safetensors file at .*, found a damaged or another one") as caught:
        CarRacing(encoder=str(path))
    assert "\n" not in str(caught.value)


def changed(name: str, array: np.ndarray | None) -> dict[str, np.ndarray]:
    weights = dict(read_encoder(DEFAULT).weights)
    if array is None:
        del weights[name]
    else:
        weights[name] = array
    return weights


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("mu.weight", np.zeros((32, 1024), np.float32), "expected an encoder with 16 latents at .*, found 32"),
        ("conv2.bias", None, "found no 'conv2.bias'"),
        ("decoder.weight", np.zeros(3, np.float32), "found 'decoder.weight' beside them"),
        ("conv1.weight", np.zeros((32, 3, 5, 5), np.float32), r"expected conv1.weight of shape \[32, 3, 4, 4\]"),
        ("conv1.bias", np.zeros(32), r"type float32 in .*, found .* float64"),
        ("conv3.bias", np.full(128, np.nan, np.float32), "found NaN or infinity in conv3.bias"),
    ],
)
def test_an_unfit_encoder_is_one_sentence(tmp_path, name, array, message):
    path = tmp_path / "unfit.safetensors"
    save_file(changed(name, array), path)
    with pytest.raises(UserError, match=message):
        CarRacing(encoder=str(path))


def test_a_custom_encoder_is_used_and_named(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_file(changed("mu.bias", np.zeros(16, np.float32)), path)
    task = CarRacing(encoder=str(path), max_steps=5)
    assert task.preprocessing["encoder_sha256"] == read_encoder(path).sha256 != read_encoder(DEFAULT).sha256
    assert task.preprocessing["frame"] == [64, 64, 3]


def test_an_encoder_that_changes_during_a_search_is_refused(tmp_path):
    path = tmp_path / "mine.safetensors"
    shutil.copyfile(DEFAULT, path)
    task = CarRacing(encoder=str(path))
    load_encoder.cache_clear()
    save_file(changed("mu.bias", np.zeros(16, np.float32)), path)
    with pytest.raises(UserError, match="to stay as it was when the search began"):
        task.load_encoder()


def test_a_machine_without_the_file_takes_the_one_that_was_sent(tmp_path, monkeypatch):
    own = tmp_path / "own.safetensors"
    shutil.copy(DEFAULT, own)
    task = CarRacing(encoder=str(own))
    files = task.data_files()
    own.unlink()
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path))
    load_encoder.cache_clear()
    with pytest.raises(UserError, match="expected an encoder file"):
        task.load_encoder()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    assert isinstance(task.load_encoder(), Encoder)


def test_a_run_writes_down_its_encoder_and_refuses_another(tmp_path):
    path = tmp_path / "mine.safetensors"
    shutil.copyfile(DEFAULT, path)
    begun = settled(load_config("configs/car_racing.yaml", [f"task.encoder={path}"]))
    assert begun.task.options["encoder_sha256"] == read_encoder(DEFAULT).sha256
    save_file(changed("mu.bias", np.zeros(16, np.float32)), path)
    with pytest.raises(UserError, match="to stay as it was when the search began"):
        task_of(begun)
    with pytest.raises(UserError, match="to stay as it was when the search began"):
        task_of(stage_config(begun, 2))


# --- the task ---


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
    assert task.simulator == "lanes" and task.simulated_by == "lane kernels, float32"
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


@pytest.fixture(params=["lanes", "gymnasium"])
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
