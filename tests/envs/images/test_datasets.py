"""Which pictures are in which part of a dataset, and what is said where they cannot be had."""

import gzip

import numpy as np
import pytest

from datafiles import FILES, FOLDERS, published
from envs.images.dataset import SPLITS, load_images
from envs.images.datasets import DATASETS
from envs.images.digits import DIGITS
from envs.registry import make_task
from wann import UserError

A_DATASET = "expected a dataset by name, or a path to a directory of idx files or an .npz file"
FIRST_DIGITS = {
    "train": [1, 4, 4, 6, 3, 6, 4, 8],
    "validation": [4, 1, 9, 5, 5, 7, 1, 7],
    "test": [2, 3, 3, 4, 7, 7, 9, 1],
}


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path, monkeypatch):
    """Each test reads anew, and writes nothing outside its own folder."""
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "cache"))
    load_images.cache_clear()


def raw(path, header):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def pairs(pixels, labels):
    return [(image.tobytes(), int(label)) for image, label in zip(pixels, labels, strict=True)]


def one_sentence(call, *arguments):
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value) and ". " not in str(caught.value)
    return str(caught.value)


def no_network(monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(pytest.importorskip("pooch"), "retrieve", unreachable)


def test_digits_parts():
    """Every picture of scikit-learn's is in one part, and no part lacks a digit."""
    bunch = pytest.importorskip("sklearn.datasets").load_digits()
    parts = load_images(DIGITS)
    assert tuple(parts) == SPLITS and [len(part.labels) for part in parts.values()] == [1197, 300, 300]
    assert all(set(part.labels.tolist()) == set(range(10)) for part in parts.values())
    assert all(part.pixels.shape[1:] == (8, 8) and part.pixels.max() == part.brightest == 16 for part in parts.values())
    found = [pair for part in parts.values() for pair in pairs(part.pixels, part.labels)]
    given = pairs(bunch.images.astype(np.uint8), bunch.target)
    assert len(set(given)) == len(given), "equal pictures would hide an overlap"
    assert sorted(found) == sorted(given)


def test_digits_parts_are_always_the_same():
    """The shuffle is keyed: these are the first labels of each part, in every process and on every machine."""
    pytest.importorskip("sklearn")
    assert {split: part.labels[:8].tolist() for split, part in load_images(DIGITS).items()} == FIRST_DIGITS


@pytest.mark.parametrize("name", FOLDERS)
def test_published_parts(name):
    """The validation part is the end of the training file, the test part the other file; nothing is shuffled."""
    files, parts = published(name), load_images(DATASETS[name])
    train, validation, test = (parts[split] for split in SPLITS)
    assert (len(train.labels), len(validation.labels), len(test.labels)) == (55_000, 5_000, 10_000)
    pixels, labels = raw(files[FILES[0]], 16).reshape(-1, 28, 28), raw(files[FILES[1]], 8)
    np.testing.assert_array_equal(np.concatenate([train.pixels, validation.pixels]), pixels)
    np.testing.assert_array_equal(np.concatenate([train.labels, validation.labels]), labels)
    np.testing.assert_array_equal(test.pixels, raw(files[FILES[2]], 16).reshape(-1, 28, 28))
    np.testing.assert_array_equal(test.labels, raw(files[FILES[3]], 8))
    assert all(set(part.labels.tolist()) == set(range(10)) for part in parts.values())


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("given", [True, False], ids=["WANN_DATA_DIR", "cache alone"])
def test_missing_files_are_named_with_their_places(name, given, tmp_path, monkeypatch):
    no_network(monkeypatch)
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path / "data") if given else "")
    message = one_sentence(load_images, DATASETS[name])
    places = [tmp_path / "data" / FOLDERS[name]] * given + [tmp_path / "cache" / "datasets" / FOLDERS[name]]
    wanted = ", ".join(f"{file}.gz" for file in FILES)
    assert message.startswith(
        f"task.dataset: expected {wanted} in {' or '.join(map(str, places))}, or in torchvision's "
    )
    assert "WANN_DATA_DIR" in message
    assert message.endswith(f"found no {FILES[0]}, and it could not be fetched (OSError)")


def test_a_file_of_other_content_is_refused_and_not_fetched(tmp_path, monkeypatch):
    """What a person put there is neither replaced nor passed over."""
    no_network(monkeypatch)
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path))
    path = tmp_path / "mnist" / FILES[0]
    path.parent.mkdir()
    path.write_bytes(b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in (60_000, 28, 28)))
    message = one_sentence(load_images, DATASETS["mnist"])
    assert message.startswith(f"{path}: task.dataset: expected 47040000 bytes after the header, found 0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "mnits"}, f"task.dataset: {A_DATASET}, found 'mnits' (did you mean 'mnist'?)"),
        ({"dataset": "qqq"}, f"task.dataset: {A_DATASET}, found 'qqq' (known: digits, mnist, fashion_mnist)"),
        ({"inputs": "16x16 deskewed"}, "task.inputs: expected '8x8' for 'digits', found '16x16 deskewed'"),
        (
            {"dataset": "mnist", "inputs": "no"},
            "task.inputs: expected '16x16 deskewed' or '28x28' for 'mnist', found 'no'",
        ),
        ({"batch": 0}, "task.batch: expected at least 1 image, found 0"),
        ({"batch": 2.5}, "task.batch: expected a value of type int | None, found 2.5 (float)"),
        ({"batch_seed": -1}, "task.batch_seed: expected at least 0, found -1"),
    ],
)
def test_mistakes_in_options(options, message):
    assert one_sentence(make_task, "classification", options) == message


def test_an_unknown_part_is_refused():
    message = one_sentence(make_task, "classification", {"split": "training"})
    assert message.startswith("task.split: expected") and all(part in message for part in ("'training'", *SPLITS))


def test_a_batch_larger_than_the_part_is_refused():
    pytest.importorskip("sklearn")
    task = make_task("classification", {"batch": 301, "split": "test"})
    assert (
        one_sentence(task.batch_of, 0) == "task.batch: expected at most the 300 images of digits's test part, found 301"
    )
