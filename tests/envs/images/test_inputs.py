"""Pictures to inputs, against loops over single pixels; and the files that keep what was made."""

import math

import numpy as np
import pytest

from envs.images.dataset import SPLITS, Images, load_images
from envs.images.digits import DIGITS
from envs.images.inputs import DESKEWED, deskew, input_files, input_kinds, load_inputs, shrink, to_inputs
from envs.images.mnist import MNIST


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache directory; what a test remembers goes with it."""
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "cache"))
    load_inputs.cache_clear()
    yield tmp_path / "cache" / "inputs"
    load_inputs.cache_clear()


def noise(count, size):
    return np.random.default_rng(size).random((count, size, size))


def skewed_bar(slope):
    """A bar of ten rows in 16 x 16 that leans by ``slope`` pixels a row, with nothing near the edges."""
    y, x = np.mgrid[:16, :16]
    return np.where((y >= 3) & (y < 13), np.maximum(0, 1 - abs(x - 7.5 - slope * (y - 7.5)) / 2), 0)


def mixed_moment(picture):
    y, x = np.mgrid[: len(picture), : len(picture)]
    mass = picture.sum()
    return float((picture * (x - (picture * x).sum() / mass) * (y - (picture * y).sum() / mass)).sum())


def shrunk_slowly(picture, side):
    size = len(picture)

    def place(index):
        middle = min(max((index + 0.5) * size / side - 0.5, 0), size - 1)
        return math.floor(middle), min(math.floor(middle) + 1, size - 1), middle - math.floor(middle)

    result = np.empty((side, side))
    for row, column in np.ndindex(side, side):
        (top, bottom, v), (left, right, u) = place(row), place(column)
        above, below = ((1 - u) * picture[at, left] + u * picture[at, right] for at in (top, bottom))
        result[row, column] = (1 - v) * above + v * below
    return result


def deskewed_slowly(picture):
    """The shear leaves the middle row where it is; a place outside the picture is black."""
    size = len(picture)
    pixels = [(x, y, float(picture[y, x])) for y in range(size) for x in range(size)]
    mass = sum(value for _, _, value in pixels) or 1
    middle_x = sum(x * value for x, _, value in pixels) / mass
    middle_y = sum(y * value for _, y, value in pixels) / mass
    mixed = sum((x - middle_x) * (y - middle_y) * value for x, y, value in pixels)
    upright = sum((y - middle_y) ** 2 * value for _, y, value in pixels)
    if upright < 1e-2:
        return picture
    result = np.empty((size, size))
    for x, y, _ in pixels:
        source = x + mixed / upright * (y - size / 2)
        left = math.floor(source)
        near = [picture[y, at] if 0 <= at < size else 0 for at in (left, left + 1)]
        result[y, x] = (left + 1 - source) * near[0] + (source - left) * near[1]
    return result


@pytest.mark.parametrize(("size", "side"), [(28, 16), (16, 16), (28, 5), (8, 3), (5, 7)])
def test_shrink_is_bilinear(size, side):
    [picture] = noise(1, size)
    np.testing.assert_allclose(shrink(picture[None], side)[0], shrunk_slowly(picture, side), atol=1e-13)


def test_deskew_is_the_shear_by_the_moments():
    """Leaning bars, and noise of which much is sheared over the edges."""
    bars = [skewed_bar(slope) for slope in (-0.5, -0.1, 0.0, 0.3, 0.6)]
    leaning = np.tril(noise(3, 16), -6)
    for pictures in (np.array(bars), leaning, noise(4, 16), noise(4, 9)):
        np.testing.assert_allclose(deskew(pictures), list(map(deskewed_slowly, pictures)), atol=1e-12)


@pytest.mark.parametrize("slope", [-0.5, 0.25, 0.6])
def test_a_deskewed_bar_is_upright(slope):
    """Linear sampling moves a row's mass exactly, so only rounding is left of the moment."""
    bar = skewed_bar(slope)
    [upright] = deskew(bar[None])
    assert abs(mixed_moment(bar)) > 10 and abs(mixed_moment(upright)) < 1e-9
    np.testing.assert_allclose(upright.sum(axis=1), bar.sum(axis=1), atol=1e-12)


def test_what_has_no_skew_stays_as_it_is():
    """Blank, too faint to tell, and of one row; beside a bar, so that one picture's moments reach no other."""
    row = np.where(np.arange(16)[:, None] == 4, np.arange(16) % 3, 0)
    kept = [np.zeros((16, 16)), 1e-6 * skewed_bar(0.4), row]
    found = deskew(np.array([*kept, skewed_bar(0.4)]))
    np.testing.assert_array_equal(found[:3], kept)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("inputs", input_kinds(MNIST))
def test_inputs_are_from_zero_to_one(inputs):
    pixels = np.random.default_rng(0).choice(np.array([0, 1, 254, 255], np.uint8), (20, 28, 28))
    pixels[:2] = [[[0]], [[255]]]
    found = to_inputs(Images(pixels, np.zeros(20, np.uint8)), inputs)
    assert found.dtype == np.float32 and found.shape == (20, math.prod(input_kinds(MNIST)[inputs]))
    assert found.min() == 0 and found.max() <= 1 and (found[0] == 0).all()
    np.testing.assert_allclose(found[1], 1, atol=1e-6)  # white to the edges, and not skewed


def test_plain_inputs_are_the_pixels_row_by_row():
    pixels = np.arange(128, dtype=np.uint8).reshape(2, 8, 8) % 17
    found = to_inputs(Images(pixels, np.zeros(2, np.uint8), 16), "8x8")
    np.testing.assert_array_equal(16 * found[1], pixels[1].reshape(-1))
    assert input_kinds(MNIST) == {DESKEWED: (16, 16, 1), "28x28": (28, 28, 1)} and input_kinds(DIGITS) == {
        "8x8": (8, 8, 1)
    }


@pytest.mark.parametrize("split", SPLITS)
def test_kept_inputs_are_what_was_made(split, cache):
    """A second process maps the file and has no need of the pictures."""
    pytest.importorskip("sklearn")
    images = load_images(DIGITS)[split]
    made_and_kept = load_inputs(DIGITS, "8x8", split)
    load_inputs.cache_clear()
    load_images.cache_clear()
    read = load_inputs(DIGITS, "8x8", split)
    assert load_images.cache_info().currsize == 0
    assert len(list(cache.iterdir())) == 2, "inputs and labels, and no file that was only on the way"
    for inputs, labels in (made_and_kept, read):
        assert isinstance(inputs, np.memmap) and not inputs.flags.writeable and not labels.flags.writeable
        np.testing.assert_array_equal(inputs, to_inputs(images, "8x8").T, strict=True)
        np.testing.assert_array_equal(labels, images.labels.astype(np.int64), strict=True)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, caplog):
    pytest.importorskip("sklearn")
    kept = load_inputs(DIGITS, "8x8", "test")
    load_inputs.cache_clear()
    (tmp_path / "file").write_text("in the place of a directory")
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "file"))
    made = load_inputs(DIGITS, "8x8", "test")
    assert len(caplog.messages) == 1 and "inputs are made anew in each process" in caplog.text
    for found, expected in zip(made, kept, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
        assert not found.flags.writeable


@pytest.mark.parametrize("inputs", ["8x8", "16x16 deskewed", "28x28"])
def test_sums_of_inputs_are_exact_in_any_order(inputs):
    """So no backend's product of matrices, and no chunking of it, changes a bit."""
    side = 8 if inputs == "8x8" else 28
    rng = np.random.default_rng(0)
    pixels = rng.integers(200, 256, (50, side, side)).astype(np.uint8)  # nearly white: the largest sums
    found = to_inputs(Images(pixels, np.zeros(50, np.uint8)), inputs)
    whole = np.c_[np.ones(50, np.float32), found]
    exact = whole.astype(np.float64).sum(axis=1)
    for order in (np.arange(whole.shape[1]), rng.permutation(whole.shape[1])):
        total = np.zeros(50, np.float32)
        for column in order:
            total += whole[:, column]
        np.testing.assert_array_equal(total, exact)
    np.testing.assert_allclose(found.max(), 1, atol=0.2)


def test_another_machine_needs_only_the_files_that_are_sent(monkeypatch, tmp_path):
    """Its cache holds them, and it has no dataset to make them from."""
    expected = load_inputs(DIGITS, "8x8", "validation")
    for name, content in input_files(DIGITS, "8x8", "validation").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("envs.images.inputs.load_images", None)
    load_inputs.cache_clear()
    found = load_inputs(DIGITS, "8x8", "validation")
    load_inputs.cache_clear()
    assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]
