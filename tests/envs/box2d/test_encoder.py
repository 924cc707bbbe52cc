"""Encoders of CarRacing: their files, and the bits of their latents."""

import hashlib
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from configs import load_config, stage_config
from envs.box2d.racer.encoder import CONVOLUTIONAL, DEFAULT, load_encoder, read_encoder
from envs.box2d.racer.frames import PICTURE_SHAPE, pictures, preprocess
from envs.box2d.racer.small_encoder import SHAPES, SmallEncoder
from envs.box2d.racer.task import CarRacing
from envs.registry import make_task, task_of_champion
from experiment.build import task_of
from experiment.plan import settled
from places import ROOT
from wann.champion import load_champion
from wann.errors import UserError

# Of the latents of `made_of_integers`, found on x86-64 with AVX-512.
_DIGEST = "e88e5ad3cc1c2721431f2c30f103ce71a423c62e367fe2123f4124f79e0f7c5d"


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (9, 96, 96, 3)).astype(np.uint8)


@pytest.fixture(params=[DEFAULT, CONVOLUTIONAL], ids=["small", "convolutional"])
def encoder(request):
    return read_encoder(request.param).make()


def made_of_integers(shape: tuple[int, ...], factor: int) -> np.ndarray:
    """Numbers between -0.5 and 0.5 in steps of 0.001, without a pattern, that every machine makes alike."""
    number = np.arange(np.prod(shape), dtype=np.int64)
    return ((number**2 % 8191 * factor % 1000 - 500) / 1000).astype(np.float32).reshape(shape)


def area_matrix(source: int, target: int) -> np.ndarray:
    """Row i averages the sources that output i covers, each by the part of it that is covered."""
    edges = np.arange(target + 1) * source / target
    cells = np.arange(source)
    covered = np.minimum(cells + 1, edges[1:, None]) - np.maximum(cells, edges[:-1, None])
    return np.clip(covered, 0, 1) * target / source


# --- frames ---


def test_images_are_averaged_over_areas(frames):
    rows, columns = area_matrix(84, 64), area_matrix(96, 64)
    expected = np.einsum("ia,nabc,jb->nijc", rows, frames[:, :84] / 255, columns)
    np.testing.assert_allclose(preprocess(frames), expected, atol=1e-6)
    assert preprocess(np.full((1, 96, 96, 3), 255, np.uint8)).max() == pytest.approx(1, abs=1e-6)


def test_pictures_are_green_and_red_averaged_over_blocks(frames):
    rows, columns = area_matrix(84, 28), area_matrix(96, 32)
    expected = np.einsum("ia,nabc,jb->ncij", rows, frames[:, :84, :, [1, 0]] / 255, columns)
    np.testing.assert_allclose(pictures(frames), expected, atol=1e-6)


@pytest.mark.parametrize("shrink", [preprocess, pictures])
def test_the_dashboard_is_not_seen(frames, shrink):
    other = frames.copy()
    other[:, 84:] = 255 - other[:, 84:]
    np.testing.assert_array_equal(shrink(other), shrink(frames))


@pytest.mark.parametrize("shrink", [preprocess, pictures])
@pytest.mark.parametrize("bad", [np.zeros((96, 96, 3), np.uint8), np.zeros((1, 96, 96, 3), np.float32)])
def test_other_frames_are_refused(bad, shrink):
    with pytest.raises(ValueError, match=r"expected frames \[B, 96, 96, 3\] of uint8"):
        shrink(bad)


# --- latents ---


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


def test_latents_are_the_same_bits_on_every_machine():
    weights = {name: made_of_integers(shape, 37 + 2 * number) for number, (name, shape) in enumerate(SHAPES.items())}
    images = made_of_integers((7, *PICTURE_SHAPE), 29) + np.float32(0.5)
    latents = SmallEncoder(weights).encode_images(images)
    assert np.isfinite(latents).all() and len(np.unique(latents)) == latents.size
    assert hashlib.sha256(latents.astype("<f4").tobytes()).hexdigest() == _DIGEST


def test_the_small_encoder_is_two_dense_layers(frames):
    """Against sums written out in float64."""
    weights = {name: array.astype(np.float64) for name, array in read_encoder(DEFAULT).weights.items()}
    values = pictures(frames).reshape(len(frames), -1).astype(np.float64)
    hidden = np.maximum(values @ weights["hidden.weight"].T + weights["hidden.bias"], 0)
    expected = hidden @ weights["mu.weight"].T + weights["mu.bias"]
    np.testing.assert_allclose(read_encoder(DEFAULT).make().encode_frames(frames), expected, rtol=1e-4, atol=1e-4)


def test_the_convolutional_encoder_is_convolutions_relu_and_a_dense_layer(frames):
    """Against sums written out in float64."""
    weights = {name: array.astype(np.float64) for name, array in read_encoder(CONVOLUTIONAL).weights.items()}
    values = preprocess(frames[:1])[0].astype(np.float64)
    for number in range(1, 5):
        kernel, bias = weights[f"conv{number}.weight"], weights[f"conv{number}.bias"]
        windows = np.lib.stride_tricks.sliding_window_view(values, (4, 4), axis=(0, 1))[::2, ::2]
        values = np.maximum(np.einsum("ijcab,ocab->ijo", windows, kernel) + bias, 0)
    assert values.shape == (2, 2, 256)
    expected = weights["mu.weight"] @ values.ravel() + weights["mu.bias"]
    found = read_encoder(CONVOLUTIONAL).make().encode_frames(frames[:1])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# --- files ---


def test_the_encoder_that_comes_with_the_package_says_how_it_was_made():
    """It is small, and reads all that the convolutional one, there named "published", reads at least as well."""
    assert DEFAULT.stat().st_size <= 1_000_000
    provenance = read_encoder(DEFAULT).provenance
    assert provenance["command"].startswith("train_vae.py ")
    measured = provenance["held_out"]
    assert measured["reconstruction"]["error"] < measured["reconstruction"]["mean_frame_error"] / 8
    assert min(measured["reconstruction"]["kl"]) > 0.4
    for name, value in measured["published"]["r2"].items():
        assert measured["probe"]["r2"][name] >= value


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


def changed(name: str, array: np.ndarray | None, path=DEFAULT) -> dict[str, np.ndarray]:
    weights = dict(read_encoder(path).weights)
    if array is None:
        del weights[name]
    else:
        weights[name] = array
    return weights


@pytest.mark.parametrize(
    ("path", "name", "array", "message"),
    [
        (DEFAULT, "mu.weight", np.zeros((32, 128), np.float32), "expected an encoder with 16 latents at .*, found 32"),
        (
            DEFAULT,
            "hidden.weight",
            np.zeros((128, 2048), np.float32),
            r"expected hidden.weight of shape \[128, 1792\] and type float32 in .*, for pictures of 28 x 32 pixels in "
            r"green and red, found \[128, 2048\]",
        ),
        (DEFAULT, "hidden.bias", None, "found no 'hidden.bias'"),
        (DEFAULT, "hidden.bias", np.full(128, np.nan, np.float32), "found NaN or infinity in hidden.bias"),
        (CONVOLUTIONAL, "mu.weight", np.zeros((32, 1024), np.float32), "an encoder with 16 latents at .*, found 32"),
        (CONVOLUTIONAL, "conv2.bias", None, "found no 'conv2.bias'"),
        (CONVOLUTIONAL, "decoder.weight", np.zeros(3, np.float32), "found 'decoder.weight' beside them"),
        (CONVOLUTIONAL, "conv1.weight", np.zeros((32, 3, 5, 5), np.float32), r"conv1.weight of shape \[32, 3, 4, 4\]"),
        (CONVOLUTIONAL, "conv1.bias", np.zeros(32), r"type float32 in .*, found .* float64"),
    ],
)
def test_an_unfit_encoder_is_one_sentence(tmp_path, path, name, array, message):
    unfit = tmp_path / "unfit.safetensors"
    save_file(changed(name, array, path), unfit)
    with pytest.raises(UserError, match=message):
        CarRacing(encoder=str(unfit))


def test_a_file_of_something_else_is_one_sentence(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path)
    with pytest.raises(UserError, match=r"expected the tensors hidden.weight, .* in .*, found no 'hidden.bias'"):
        CarRacing(encoder=str(path))


def test_a_custom_encoder_is_used_and_named(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_file(changed("mu.bias", np.zeros(16, np.float32)), path)
    task = CarRacing(encoder=str(path), max_steps=5)
    assert task.preprocessing["encoder_sha256"] == read_encoder(path).sha256 != read_encoder(DEFAULT).sha256
    assert task.preprocessing["frame"] == [2, 28, 32]


def test_an_encoder_that_changes_during_a_search_is_refused(tmp_path):
    path = tmp_path / "mine.safetensors"
    shutil.copyfile(DEFAULT, path)
    task = CarRacing(encoder=str(path))
    load_encoder.cache_clear()
    save_file(changed("mu.bias", np.zeros(16, np.float32)), path)
    with pytest.raises(UserError, match="to stay as it was when the search began"):
        task.load_encoder()


def test_a_champion_finds_the_encoder_of_the_package_that_it_was_made_with():
    champion = load_champion(ROOT / "tests/data/racer_convolutional.json")
    task = task_of_champion(champion)
    assert task.preprocessing == champion.preprocessing
    assert task.encoder_key == (str(CONVOLUTIONAL), read_encoder(CONVOLUTIONAL).sha256)


def test_a_champion_made_with_another_encoder_is_one_sentence():
    expected = r"expected the encoder that this was made with \(SHA-256 00ff.*\), given as task.encoder, found none"
    with pytest.raises(UserError, match=expected):
        CarRacing(encoder_sha256="00ff" * 16)


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
    assert task.load_encoder().shape == (28, 32)


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
