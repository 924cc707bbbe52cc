"""The command: what it writes for files, runs and imports, and the one sentence it says about a mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import undrawable

import run_search
from envs.images import classification, dataset, inputs
from inspect_champion import main
from inspection.drawing.chart import Chart, Line, nice_ticks, short
from inspection.history import load_history
from inspection.provenance import duration, file_sha256
from networks import random_genome
from places import CHAMPIONS
from searching import write_config, write_staged_config
from wann import UserError
from wann.champion import Champion, load_champion, save_champion

SWINGUP = CHAMPIONS / "swingup_one_weight.json"
DIGITS = CHAMPIONS / "mnist_equal_paths_200.json"
PICTURES = ["network.png", "network.svg", "weights.png", "weights.svg"]
STAGES = [
    {"name": "find", "generations": 4, "restarts": 2, "survivors": 4},
    {"name": "refine", "generations": 3, "survivors": 4},
]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    config = write_config(folder / "c.yaml", generations=9)
    assert run_search.main([str(config), "--run-dir", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def staged(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("staged")
    config = write_staged_config(folder / "c.yaml", stages=STAGES)
    assert run_search.main([str(config), "--run-dir", str(folder / "run")]) == 0
    return folder / "run"


def inspect(*arguments: object) -> None:
    assert main([*map(str, arguments), "--episodes", "2"]) == 0


def data_of(report: Path) -> dict:
    text = report.read_text().partition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    return json.loads(text)


# --- what is written ---


def test_a_file_gets_a_report_beside_the_working_directory(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    inspect(SWINGUP)
    out = tmp_path / "swingup_one_weight-report"
    assert sorted(path.name for path in out.iterdir()) == [*PICTURES[:2], "report.html", *PICTURES[2:]]
    said = capsys.readouterr().out
    assert all(f"swingup_one_weight-report/{path.name}" in said for path in out.iterdir())
    html = (out / "report.html").read_text()
    assert file_sha256(SWINGUP) in html
    assert 'id="evolution"' not in html


def test_the_same_champion_gives_the_same_figures(tmp_path):
    inspect(SWINGUP, "--out", tmp_path / "a", "--seed", 5)
    inspect(SWINGUP, "--out", tmp_path / "b", "--seed", 5)
    inspect(SWINGUP, "--out", tmp_path / "c", "--seed", 6)
    a, b, c = (data_of(tmp_path / name / "report.html") for name in "abc")
    assert a == b
    assert a["curve"] != c["curve"]
    for name in PICTURES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_run_has_its_evolution(page, run):
    inspect(run)
    out = run / "report"
    assert {"evolution.svg", "evolution.png"} <= {path.name for path in out.iterdir()}
    data = data_of(out / "report.html")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert data["history"]["generations"] == list(range(1, 10))
    assert data["history"]["steps"] == [line["env_steps"] for line in lines]
    assert data["history"]["best_mean_return"] == pytest.approx([line["best_mean_return"] for line in lines], rel=1e-5)
    page.goto((out / "report.html").as_uri())
    page.click('[data-show="steps"]')
    assert page.locator('[data-plot="history"]:visible').get_attribute("data-axis") == "steps"
    slider = page.locator("#growth-slider")
    said = []
    for index in range(int(slider.get_attribute("max")) + 1):
        slider.fill(str(index))
        said.append(page.inner_text("#growth-reading"))
        assert page.locator(".snapshot:visible").count() == 1
    assert [text.partition(":")[0] for text in said[:-1]] == [f"Generation {g}" for g in (1, 2, 4, 8)]
    assert said[-1].startswith("The champion")
    plot = page.locator('[data-plot="history"]:visible')
    plot.focus()
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#history-reading").startswith("Generation 8,")


def test_stages_follow_one_another(staged):
    history = load_history(staged)
    assert [(part.name, len(part)) for part in history.stretches] == [("find 1", 4), ("find 2", 4), ("refine", 3)]
    assert history.axis("generations").tolist() == list(range(1, 12))
    steps = history.axis("steps")
    assert (np.diff(steps) > 0).all() and steps[-1] == history.steps
    assert [part.end for part in history.parts("generations")] == [4, 8, 11]
    inspect(staged)
    html = (staged / "report" / "report.html").read_text()
    assert "find 2, generation 4" in html and "refine, generation 2" in html


def test_a_run_without_metrics_is_a_champion(tmp_path, run):
    (tmp_path / "copy").mkdir()
    shutil.copy(run / "champion.json", tmp_path / "copy")
    inspect(tmp_path / "copy")
    assert not (tmp_path / "copy" / "report" / "evolution.svg").exists()


def test_a_torn_last_line_is_left_out(tmp_path, run):
    shutil.copytree(run, tmp_path / "run")
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"generation": 9, "best_me')
    assert load_history(tmp_path / "run").generations == 9


@pytest.mark.slow
def test_exports_and_a_film(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    pytest.importorskip("pygame")
    inspect(SWINGUP, "--out", tmp_path, "--export", "dot, sympy", "--video", tmp_path / "film.gif", "--weight", -1.5)
    found = {path.name for path in tmp_path.iterdir()}
    assert {"champion.dot", "champion_formula.txt", "film.gif"} <= found
    assert data_of(tmp_path / "report.html")["weight"] == -1.5


def test_an_import(tmp_path):
    rows = np.zeros((7, 8))
    rows[1, 6], rows[3, 6], rows[:, 7] = 0.5, -1.5, 1
    np.savetxt(tmp_path / "pole.csv", rows, delimiter=",")
    out = tmp_path / "out"
    inspect("--import", tmp_path / "pole.csv", "--task", "cartpole_swingup", "--keep-weights", "--out", out)
    champion = load_champion(out / "champion.json")
    assert sorted(champion.individual_weights) == [-1.5, 0.5]
    data = data_of(out / "report.html")
    assert data["weight"] is None and sorted(data["program"]["weights"]) == [-1.5, 0.5]
    inspect("--import", tmp_path / "pole.csv", "--task", "cartpole_swingup", "--out", tmp_path / "shared")
    assert load_champion(tmp_path / "shared" / "champion.json").individual_weights is None


def test_an_import_for_a_task_with_options(tmp_path):
    rows = np.zeros((75, 76))
    rows[1:65, 65:75], rows[:, 75] = 1, 1
    np.savetxt(tmp_path / "digits.csv", rows, delimiter=",")
    arguments = ["--task", "classification", "--option", "dataset=digits", "--option", "batch=100"]
    inspect("--import", tmp_path / "digits.csv", *arguments, "--out", tmp_path / "out")
    assert load_champion(tmp_path / "out" / "champion.json").task_options == {"dataset": "digits", "batch": 100}


# --- what a champion is used with, and what a report can do without ---


FORMATS = ("onnx", "torch", "graphml", "sympy", "dot")


def test_exports_have_the_best_weight_of_the_file(tmp_path, capsys):
    pytest.importorskip("onnx")
    pytest.importorskip("sympy")
    inspect(SWINGUP, "--out", tmp_path, "--export", ",".join(FORMATS))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Shared weight of the exports: 1.74, the best of the champion file (--weight takes another)"
    assert said[1] == "Files:" and {line.strip() for line in said[2:]} == {str(path) for path in tmp_path.iterdir()}
    assert "WEIGHTS = 1.74\n" in (tmp_path / "champion_torch.py").read_text()
    inspect(SWINGUP, "--out", tmp_path, "--export", "torch", "--weight", "0.5")
    assert "WEIGHTS = 0.5\n" in (tmp_path / "champion_torch.py").read_text()
    assert "Shared weight" not in capsys.readouterr().out


def test_a_best_weight_of_0_is_named_for_what_it_is(tmp_path, capsys):
    document = json.loads(SWINGUP.read_text())
    document["returns"]["best_shared_weight"]["weight"] = 0.0
    (tmp_path / "champion.json").write_text(json.dumps(document))
    inspect(tmp_path / "champion.json", "--out", tmp_path, "--export", "dot")
    assert "exports: 0, which switches all connections off, the best of the" in capsys.readouterr().out
    html = (tmp_path / "report.html").read_text()
    assert "at 0, which switches all connections off" in html


def test_written_files_are_listed_where_something_fails_later(tmp_path, capsys):
    pytest.importorskip("onnx")
    assert main([str(SWINGUP), "--out", str(tmp_path), "--episodes", "1", "--weight", "1e300", "--export", "onnx"]) == 2
    said, error = capsys.readouterr()
    assert "weight: expected one that float32 can hold" in error
    assert "Files:" in said and f"  {tmp_path / 'report.html'}" in said


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(CHAMPIONS.glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_champion_in_every_format(tmp_path, monkeypatch, path, offline):
    for package in ("onnx", "sympy", "networkx"):
        pytest.importorskip(package)
    if "walker" in path.stem or "racer" in path.stem:
        pytest.importorskip("Box2D")
    assert main([str(path), "--out", str(tmp_path), "--episodes", "1", "--export", ",".join(FORMATS)]) == 0
    exported = {"champion.onnx", "champion_torch.py", "champion.graphml", "champion_formula.txt", "champion.dot"}
    assert exported | {"report.html", "network.svg"} <= {file.name for file in tmp_path.iterdir()}


@pytest.fixture
def offline(tmp_path_factory, monkeypatch):
    """No data sets on this machine, and no network to fetch them by."""

    def refuse(*_, **__):
        raise OSError("there is no network")

    monkeypatch.setattr("pooch.retrieve", refuse)
    monkeypatch.setenv("WANN_DATA_DIR", str(tmp_path_factory.mktemp("empty")))
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    for kept in (classification._drawn, dataset.load_images, inputs.load_inputs):
        kept.cache_clear()  # another test of this process may have read them


@pytest.fixture
def mnist_without_files(tmp_path, offline, capsys):
    pytest.importorskip("onnx")
    pytest.importorskip("sympy")
    assert main([str(DIGITS), "--out", str(tmp_path), "--export", ",".join(FORMATS)]) == 0
    return tmp_path, capsys.readouterr().out


def test_images_that_cannot_be_had_cost_the_curve_alone(mnist_without_files):
    out, said = mnist_without_files
    reason = "Left out of the report: the curve over shared weights: task.dataset: expected train-images"
    assert said.count(reason) == 1
    names = {path.name for path in out.iterdir()}
    assert {"network.svg", "champion.onnx", "champion_formula.txt", "report.html"} <= names
    assert "weights.svg" not in names
    html = (out / "report.html").read_text()
    assert "Not measured: task.dataset: expected train-images" in html
    assert "87.7" in html, "confirmed returns are in the champion file"
    assert data_of(out / "report.html")["curve"] is None


def test_a_page_without_its_curve_works(page, mnist_without_files):
    out, _ = mnist_without_files
    page.goto((out / "report.html").as_uri())
    assert page.locator("#weights .say").inner_text().startswith("Not measured: ")
    assert page.locator("#live canvas").count() >= 1
    assert page.evaluate("wann.page.data.curve") is None


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory) -> dict[str, Path]:
    """Champion files of environments that cannot draw, by id."""
    from envs.registry import make_task

    folder, files = tmp_path_factory.mktemp("undrawn"), {}
    for id in undrawable.register():
        task = make_task("gymnasium", {"id": id})
        genome = random_genome(2, 2, np.random.default_rng(1))
        names = (task.input_names, task.output_names)
        champion = Champion(genome, "gymnasium", *names, (1.0,), {}, {}, 0, 0, task.simulated_by, {"id": id})
        files[id] = folder / f"{id}.json"
        save_champion(files[id], champion)
    return files


@pytest.mark.parametrize("id", [f"{kind.__name__}-v0" for kind in undrawable.ALL])
def test_environments_that_cannot_draw(tmp_path, capsys, undrawn, id):
    inspect(undrawn[id], "--out", tmp_path)
    said = capsys.readouterr().out
    (note,) = [line for line in said.splitlines() if line.startswith("Left out of the report: recorded episodes: ")]
    html = (tmp_path / "report.html").read_text()
    assert "No pictures: " in html and data_of(tmp_path / "report.html")["live"] is None
    assert data_of(tmp_path / "report.html")["curve"]["mean"], note
    assert sorted(path.name for path in tmp_path.iterdir()) == [*PICTURES[:2], "report.html", *PICTURES[2:]]
    assert main([str(undrawn[id]), "--out", str(tmp_path / "film"), "--video", "gif"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("inspect_champion.py: --video: expected an environment that draws pictures, found one of")
    assert error.count("\n") == 1 and not (tmp_path / "film").exists()


def test_a_page_without_pictures_works(page, tmp_path, undrawn):
    inspect(undrawn["DrawsNothing-v0"], "--out", tmp_path)
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("#live .say").inner_text().startswith("No pictures: its render() gives NoneType")
    assert page.locator("#weight-slider").count() == 1


def champion_of(task: str, **options: object) -> Champion:
    genome = random_genome(4, 3, np.random.default_rng(1))
    names = tuple(f"in {row}" for row in range(4)), tuple(f"out {row}" for row in range(3))
    confirmed = {"best_shared_weight": {"weight": 1.5, "mean": 42.5}}
    return Champion(genome, task, *names, (1.0,), confirmed, {}, 0, 0, "some simulator", options)


ABSENT = {
    "module": (champion_of("absent_rooms:Room", size=3), "a module 'absent_rooms' in the working directory"),
    "environment": (champion_of("gymnasium", id="absent_rooms:Room-v0"), "a module 'absent_rooms' in the working"),
    "id": (champion_of("gymnasium", id="Absent-v0"), "an environment that Gymnasium knows, found 'Absent-v0'"),
    "images": (
        champion_of("classification", dataset="/nowhere/own.npz", dataset_sha256="0" * 64),
        "/nowhere/own.npz: task.dataset: expected a directory of idx files or an .npz file, found No such file",
    ),
    "simulator": (champion_of("bipedal_walker"), "no package 'Box2D'"),
}


@pytest.mark.parametrize("kind", ABSENT)
def test_a_task_that_is_not_here_costs_the_parts_that_play_it(tmp_path, monkeypatch, capsys, kind):
    champion, reason = ABSENT[kind]
    for package in ("onnx", "sympy", "networkx"):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("envs.gymnasium.pool.find_spec", lambda name: None)
    save_champion(tmp_path / "champion.json", champion)
    assert main(["champion.json", "--export", ",".join(FORMATS)]) == 0
    out = tmp_path / "champion-report"
    exported = {"champion.onnx", "champion_torch.py", "champion.graphml", "champion_formula.txt", "champion.dot"}
    assert {path.name for path in out.iterdir()} == exported | {"network.svg", "network.png", "report.html"}
    (note,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Left out")]
    parts = "the curve over shared weights" + ("" if kind == "images" else " and recorded episodes")
    assert note.startswith(f"Left out of the report: {parts}: ") and reason in note
    html = (out / "report.html").read_text()
    assert "Not measured: " in html and ("No pictures: " in html) == (kind != "images") and "42.5" in html
    assert data_of(out / "report.html")["curve"] is None
    assert main(["champion.json", "--video", "gif", "--out", "film"]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1 and not (tmp_path / "film").exists()


# --- mistakes ---


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "expected RUN_OR_CHAMPION or --import FILE.csv, found neither"),
        (["a", "--import", "b.csv", "--task", "cartpole_swingup"], "expected RUN_OR_CHAMPION or --import"),
        (["--import", "b.csv"], "--import: expected --task with it"),
        (["a", "--task", "cartpole_swingup"], "--task: expected --import with it, found none"),
        (["a", "--keep-weights"], "--keep-weights: expected --import with it, found none"),
        (["a", "--option", "dataset=mnist"], "--option: expected --import with it, found none"),
        (["--import", "b.csv", "--task", "classification", "--option", "mnist"], "--option: expected KEY=VALUE"),
        (
            ["--import", "b.csv", "--task", "classification", "--option", "data=mnist"],
            "no such option (did you mean 'dataset'?)",
        ),
        (["nowhere.json"], "nowhere.json: expected a champion file or a run directory, found nothing"),
        ([SWINGUP, "--weight", "nan"], "--weight: expected a finite number, found nan"),
        ([SWINGUP, "--seed", "-1"], "--seed: expected a whole number from 0"),
        ([SWINGUP, "--episodes", "0"], "--episodes: expected a whole number from 1"),
        ([SWINGUP, "--export", "onxx"], "found 'onxx' (did you mean 'onnx'?)"),
        ([SWINGUP, "--video", "film.avi"], "film.avi: expected a film's suffix, .mp4 or .gif"),
        ([SWINGUP, "--video", "nowhere/film.gif"], "expected a directory to write to"),
        (
            [DIGITS, "--video", "gif"],
            "--video: expected a champion of a task that can be shown, found 'classification'",
        ),
        ([SWINGUP, "--outt", "x"], "expected known arguments, found --outt x"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(list(map(str, arguments))) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.startswith("inspect_champion.py: ")
    assert error.count("\n") == 1 and "Traceback" not in error
    assert list(tmp_path.iterdir()) == [], "nothing is begun before everything is checked"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"cartpole_swingup"', '"cartpole_swingin"'),
        lambda text: text.replace('"num_inputs": 5', '"num_inputs": 4'),
        lambda text: "[" * 100_000,
    ],
)
def test_malformed_champions(tmp_path, capsys, damage):
    path = tmp_path / "champion.json"
    path.write_text(damage(SWINGUP.read_text()))
    assert main([str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "expected" in error
    assert error.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense\n", r"metrics\.jsonl:10: expected a line of JSON"),
        ("[1]\n", r"metrics\.jsonl:10: expected an object"),
        ('{"best_mean_return": "high"}\n', r"10: best_mean_return: expected a number, found high"),
        ("{}\n", r"10: best_mean_return: expected a number, found nothing"),
    ],
)
def test_damaged_metrics(tmp_path, run, line, message):
    shutil.copytree(run, tmp_path / "run")
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write(line)
    with pytest.raises(UserError, match=message):
        load_history(tmp_path / "run")


def test_a_directory_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(SWINGUP), "--out", str(tmp_path / "file" / "out"), "--episodes", "1"]) == 2
    assert "expected a directory to write to" in capsys.readouterr().err


# --- charts ---


def test_ticks_are_round_and_inside():
    assert nice_ticks(0, 1000) == [0, 200, 400, 600, 800, 1000]
    assert nice_ticks(-2, 2, 8) == [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]
    for low, high in [(0.0013, 0.0019), (-5e7, 3e8), (7.0, 7.0)]:
        assert 1 <= len(nice_ticks(low, high)) <= 7
    assert [short(value) for value in (3_200_000, -1500, 12_000, 0.25)] == ["3.2M", "\N{MINUS SIGN}1500", "12k", "0.25"]


def test_curves_break_where_nothing_is_known():
    y = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    svg = Chart("x", "y", [Line("a", np.arange(5.0), y)]).svg("test")
    path = svg.partition('class="line line-main" d="')[2].partition('"')[0]
    assert path.count("M") == 2 and path.count("L") == 2
    Chart("x", "y", [Line("a", np.arange(2.0), np.full(2, np.nan))]).svg("empty")


def test_times_as_people_say_them():
    assert [duration(seconds) for seconds in (3.21, 75, 7260)] == ["3.2 s", "1 min 15 s", "2 h 01 min"]
