"""Images of one's own: both layouts, the parts, what is refused, and a whole search with them."""

import gzip
import json
import pickle

import numpy as np
import pytest

import inspect_champion
import run_search
from envs.images.dataset import SPLITS, load_images
from envs.images.datasets import dataset_of
from envs.images.inputs import input_names, load_inputs
from envs.images.own import divide
from envs.registry import make_task, task_of_champion
from envs.testing import check_task
from wann import UserError
from wann.champion import load_champion

RNG = np.random.default_rng(0)
LABELS = np.arange(60) % 3
GREY = (RNG.random((60, 4, 9)) * 255).astype(np.uint8)
GREY[:, :, :3] = 80 * LABELS[:, None, None]  # so that there is something to find
COLOUR = RNG.random((60, 5, 4, 3)).astype(np.float32)
LARGE = (RNG.random((60, 18, 20)) * 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    load_inputs.cache_clear()
    load_images.cache_clear()


def npz(path, images=GREY, labels=LABELS, **more):
    np.savez(path, images=images, labels=labels, **more)
    return path


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write(folder, files, pack=bytes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in files.items():
        (folder / name).write_bytes(pack(idx(array)))


def sentence(**options):
    with pytest.raises(UserError) as caught:
        make_task("classification", options)
    assert caught.value.key.startswith("task.") and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("images", "shape", "kinds", "names"),
    [
        (GREY, (4, 9, 1), ["4x9"], ("row 0 column 0", "row 3 column 8")),
        (COLOUR, (5, 4, 3), ["5x4x3"], ("row 0 column 0 red", "row 4 column 3 blue")),
        (GREY[..., None], (4, 9, 1), ["4x9"], ("row 0 column 0", "row 3 column 8")),
        (LARGE, (18, 20, 1), ["18x20", "16x16 deskewed"], ("row 0 column 0", "row 17 column 19")),
    ],
    ids=["grey", "colour", "one channel", "large"],
)
def test_pictures_of_any_size(tmp_path, images, shape, kinds, names):
    task = make_task("classification", {"dataset": str(npz(tmp_path / "own.npz", images)), "batch": 12})
    assert task.picture_shape == shape == task.described.shape and task.inputs == kinds[0]
    assert (task.num_inputs, task.num_outputs) == (np.prod(shape), 3) and task.output_names == ("0", "1", "2")
    assert (task.input_names[0], task.input_names[-1]) == names
    batch = make_task("classification", {"dataset": task.dataset, "batch": None}).batch_of(0)
    rows = divide(LABELS, with_test=True)["train"]
    scale = 255 if images.dtype == np.uint8 else 1
    np.testing.assert_allclose(batch.inputs.T, images[rows].reshape(len(rows), -1) / scale, atol=1e-4)
    np.testing.assert_array_equal(batch.labels, LABELS[rows])
    for kind in kinds:
        check_task(make_task("classification", {"dataset": task.dataset, "inputs": kind, "batch": 12}))


def test_channels_have_names():
    assert input_names(1, 1, 2) == ("row 0 column 0 channel 0", "row 0 column 0 channel 1")


def test_parts_are_disjoint_whole_and_the_same_everywhere(tmp_path):
    """15 % of each class for validation and test, by a fixed seed."""
    parts = divide(LABELS, with_test=True)
    assert {part: len(rows) for part, rows in parts.items()} == {"train": 42, "validation": 9, "test": 9}
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(60))
    assert all((np.bincount(LABELS[rows]) == len(rows) // 3).all() for rows in parts.values())
    assert parts["validation"].tolist() == [int(row) for row in FIXED_VALIDATION]
    with_own_test = divide(LABELS, with_test=False)
    assert {part: len(rows) for part, rows in with_own_test.items()} == {"train": 51, "validation": 9, "test": 0}


FIXED_VALIDATION = divide(LABELS, with_test=False)["validation"]


def test_test_arrays_are_the_test_part(tmp_path):
    path = npz(tmp_path / "own.npz", test_images=GREY[:7, ::-1], test_labels=LABELS[:7])
    parts = load_images(dataset_of(str(path)))
    assert tuple(parts) == SPLITS and [len(part.labels) for part in parts.values()] == [51, 9, 7]
    np.testing.assert_array_equal(parts["test"].pixels, GREY[:7, ::-1])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("below", ["", "raw"])
def test_directories_of_idx_files(tmp_path, pack, dot, below):
    end = ".gz" if pack is not bytes else ""
    files = {f"train-images{dot}idx3-ubyte{end}": GREY, f"train-labels{dot}idx1-ubyte{end}": LABELS}
    write(tmp_path / "own" / below, files, pack)
    described = dataset_of("./own")
    parts = load_images(described)
    assert described.name == str(tmp_path / "own") and [len(part.labels) for part in parts.values()] == [42, 9, 9]
    npz(tmp_path / "same.npz")
    assert described.contents[0] == dataset_of("same.npz").contents[0], "the content counts, not the container"
    write(tmp_path / "own" / below, {f"t10k-images{dot}idx3-ubyte{end}": GREY[:4]}, pack)
    assert "expected test_images and test_labels, or neither, found one of them" in sentence(dataset="own")
    write(tmp_path / "own" / below, {f"t10k-labels{dot}idx1-ubyte{end}": LABELS[:4]}, pack)
    assert len(load_images(dataset_of("own"))["test"].labels) == 4


MISTAKES = {
    "no images": ({"labels": LABELS}, "expected an array 'images', found labels"),
    "flat": ({"images": GREY[:, 0], "labels": LABELS}, "expected images [N, rows, columns] or"),
    "none": ({"images": GREY[:0], "labels": LABELS[:0]}, "expected images [N, rows, columns] or"),
    "int32": ({"images": GREY.astype(np.int32), "labels": LABELS}, "expected images of uint8, or of floats"),
    "bright": ({"images": GREY / 1.0, "labels": LABELS}, "expected images of floats from 0 to 1, found 0 to 25"),
    "NaN": ({"images": GREY * np.nan, "labels": LABELS}, "expected images of floats from 0 to 1, found nan"),
    "counts": (
        {"images": GREY, "labels": LABELS[1:]},
        "expected labels [60], one for each of images, found shape [59]",
    ),
    "names": ({"images": GREY, "labels": LABELS.astype(str)}, "expected labels of whole numbers, found <U21"),
    "below 0": ({"images": GREY, "labels": LABELS - 1}, "expected labels of at least 0, found -1"),
    "one class": (
        {"images": GREY, "labels": 0 * LABELS},
        "labels of at least two classes, 0 and 1, found only 0",
    ),
    "a gap": (
        {"images": GREY, "labels": 2 * LABELS},
        "labels of 0 to 4 with at least 3 images for each, found 0",
    ),
    "far": (
        {"images": GREY, "labels": 10**12 * LABELS},
        "at least 3 images for each, found the label 2000000000000",
    ),
    "other test": (
        {"images": GREY, "labels": LABELS, "test_images": LARGE, "test_labels": LABELS},
        "expected test_images of uint8 [4, 9], as the others, found uint8 [18, 20]",
    ),
    "new class": (
        {"images": GREY, "labels": LABELS, "test_images": GREY, "test_labels": LABELS + 1},
        "expected test_labels of 0 to 2, found 1 to 3",
    ),
    "pickle": ({"images": np.array([{}] * 60), "labels": LABELS}, "expected an .npz file of plain arrays"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_an_npz(tmp_path, mistake):
    arrays, message = MISTAKES[mistake]
    np.savez(tmp_path / "own.npz", **arrays)
    found = sentence(dataset="own.npz")
    assert found.startswith(f"{tmp_path / 'own.npz'}: task.dataset: expected ") and message in found


def test_other_files_are_refused(tmp_path):
    (tmp_path / "own.npz").write_bytes(pickle.dumps({"images": GREY}))
    assert "expected a directory of idx files or an .npz file, found another file" in sentence(dataset="own.npz")
    assert sentence(dataset="own.npz").count("expected") == 1
    npz(tmp_path / "cut.npz")
    whole = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:300] + bytes(40) + whole[340:])
    assert "expected an .npz file of plain arrays" in sentence(dataset="cut.npz")
    assert "found No such file or directory" in sentence(dataset="absent.npz")
    (tmp_path / "empty").mkdir()
    assert "expected the idx files train-images-idx3-ubyte and train-labels-idx1-ubyte" in sentence(dataset="./empty")
    assert "did you mean 'digits'?" in sentence(dataset="digit")
    assert "task.dataset_sha256: expected null" in sentence(dataset="digits", dataset_sha256="0" * 64)


CONFIG = """
task: {{name: classification, dataset: own.npz, batch: 20}}
generations: {generations}
search: {{population: 8}}
evaluation: {{weights: [-1.0, 1.0], rollouts: 1}}
champion: {{first_episodes: 1, candidates: 4, selection_episodes: 1, report_episodes: 1}}
workers: {{evaluator: inline}}
logging: {{progress: false}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey, not square", "colour"])
def test_a_search_and_its_report(tmp_path, capsys, images):
    npz(tmp_path / "own.npz", images)
    (tmp_path / "c.yaml").write_text(CONFIG.format(generations=2))
    assert run_search.main(["c.yaml", "--run-dir", "run"]) == 0
    champion = load_champion("run/champion.json")
    assert champion.task_options["dataset"] == str(tmp_path / "own.npz")
    task = task_of_champion(champion)
    assert champion.preprocessing == {"inputs": task.inputs, "sha256": dict(task.described.contents)}
    assert inspect_champion.main(["run"]) == 0
    assert "<h1>own" in (tmp_path / "run/report/report.html").read_text()


def test_a_run_goes_on_from_elsewhere_and_refuses_other_images(tmp_path, monkeypatch, capsys):
    npz(tmp_path / "own.npz")
    (tmp_path / "c.yaml").write_text(CONFIG.format(generations=2))
    assert run_search.main(["c.yaml", "--run-dir", "run"]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = tmp_path / "run/config.yaml"
    config.write_text(config.read_text().replace("generations: 2", "generations: 3"))
    assert run_search.main(["--resume", str(tmp_path / "run")]) == 0
    npz(tmp_path / "own.npz", GREY[::-1].copy())
    capsys.readouterr()
    config.write_text(config.read_text().replace("generations: 3", "generations: 4"))
    assert run_search.main(["--resume", str(tmp_path / "run")]) == 2
    assert f"{tmp_path / 'own.npz'}: task.dataset: expected the images of SHA-256" in capsys.readouterr().err
    assert inspect_champion.main([str(tmp_path / "run")]) == 0
    said = "Left out of the report: the curve over shared weights: " + str(tmp_path / "own.npz")
    assert f"{said}: task.dataset: expected the images of SHA-256" in capsys.readouterr().out


def test_another_machine_needs_neither_the_path_nor_the_images(tmp_path, monkeypatch):
    """A task travels with its description, and its inputs are sent."""
    task = make_task("classification", {"dataset": str(npz(tmp_path / "own.npz")), "batch": 12})
    message, files, expected = pickle.dumps(task), task.data_files(), task.batch_of(3)
    (tmp_path / "own.npz").unlink()
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "another"))
    load_inputs.cache_clear()
    for name, content in files.items():
        (tmp_path / "another" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "another" / name).write_bytes(content)
    there = pickle.loads(message)
    assert there == task and json.dumps(there.preprocessing) == json.dumps(task.preprocessing)
    from envs.images.classification import _drawn

    _drawn.cache_clear()
    np.testing.assert_array_equal(there.batch_of(3).inputs, expected.inputs)
