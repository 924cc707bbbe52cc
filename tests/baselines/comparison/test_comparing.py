"""The command on champions: its files, that it can stop anywhere, that workers change nothing, and hostile names."""

from __future__ import annotations

import csv
import dataclasses
import errno
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import compare_baselines
from baselines.comparison.store import resumable
from envs.registry import make_task, task_of_champion
from experiment.terminal.messages import command_line
from networks import random_genome
from places import ROOT
from storage.files import WriteError
from wann.champion import Champion, load_champion, save_champion
from wann.network import compile_genome
from wann.randomness import Purpose, episode_seeds

pytest.importorskip("cmaes")
pytest.importorskip("matplotlib")

SWINGUP = ROOT / "docs" / "champions" / "swingup_one_weight.json"
NAMED = shlex.quote(str(SWINGUP))  # in a command line
OTHER = ROOT / "docs" / "champions" / "swingup_published.json"
TEXTS = ("comparison.json", "comparison.csv", "comparison.md", "curves.csv")
FILES = {*TEXTS, "comparison.png", "comparison.svg", "state"}
FEW = ["--episodes", "6", "--steps", "400000"]


def compare(out: Path, *arguments: object) -> int:
    return compare_baselines.main([*map(str, arguments), "--out", str(out)])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A comparison of one champion, with little tuning."""
    out = tmp_path_factory.mktemp("small") / "out"
    assert compare(out, SWINGUP, *FEW) == 0
    return out


def results(out: Path) -> dict:
    return json.loads((out / "comparison.json").read_text())


def kept(out: Path, names: tuple[str, ...] = TEXTS) -> dict[str, str]:
    """Texts and models, without where they lie."""
    return {
        name: (out / name).read_text().replace(str(out), "OUT") for name in (*names, "tuned_swingup_one_weight.json")
    }


def test_files_rows_and_provenance(small):
    tuned = {"tuned_swingup_one_weight.json", "fixed_swingup_one_weight.json"}
    assert {path.name for path in small.iterdir()} == FILES | tuned
    found = results(small)
    assert found["complete"] and found["versions"].keys() >= {"numpy", "scipy", "cmaes"}
    assert len(found["champions"][0]["sha256"]) == 64 and found["seed"] == 0
    (table,) = found["tables"]
    settings = ["random_individual", "random_shared", "best_shared", "tuned"]
    names = [[network, setting] for network in ("swingup_one_weight", "fixed network 5-10-1") for setting in settings]
    assert [[row["network"], row["setting"]] for row in table["rows"]] == names
    assert [row["published"]["mean"] for row in table["rows"]] == [57, 515, 723, 932, 21, 7, 8, 918]
    assert all(row["n"] == len(row["values"]) == 6 and row["complete"] for row in table["rows"])
    assert table["rows"][2]["mean"] == pytest.approx(922, abs=8)
    assert len(table["tests"]) == 8 * 7 // 2
    with open(small / "comparison.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean"]) for row in rows] == [row["mean"] for row in table["rows"]]
    assert "fixed network 5-10-1" in (small / "comparison.md").read_text()


def test_both_networks_are_tuned_under_the_same_steps(small):
    (table,) = results(small)["tables"]
    for curve in table["curves"]:
        assert curve["wanted_steps"] == 400_000 <= curve["steps"][-1]
        assert curve["steps"] == sorted(curve["steps"]) and len(curve["steps"]) == len(curve["kept"])
    assert [curve["network"] for curve in table["curves"]] == ["swingup_one_weight", "fixed network 5-10-1"]


@pytest.mark.parametrize(("name", "row"), [("tuned", 3), ("fixed", 7)])
def test_tuned_networks_are_champion_files_that_do_what_the_table_says(small, name, row):
    champion = load_champion(small / f"{name}_swingup_one_weight.json")
    seeds = episode_seeds(0, Purpose.COMPARISON, {"tuned": 3, "fixed": 8}[name], 6)
    task = task_of_champion(champion).reported
    returns = task.evaluate_oracle(compile_genome(champion.genome), np.array([champion.individual_weights]), seeds)
    (table,) = results(small)["tables"]
    assert returns.values.ravel().tolist() == table["rows"][row]["values"]


def test_no_seed_is_both_chosen_on_and_reported(small):
    used = results(small)["seeds"]
    assert used.keys() == {"champion_selection", "tuning", "tuning_selection", "comparison"}
    assert min(used["comparison"]) >= 3 * 2**29 > max(max(used[name]) for name in used if name != "comparison")
    assert max(used["tuning"]) < 2**29 <= min(*used["tuning_selection"], *used["champion_selection"])


@pytest.mark.slow
def test_workers_change_no_byte(small, tmp_path):
    assert compare(tmp_path / "out", SWINGUP, *FEW, "--workers", 2) == 0
    assert kept(tmp_path / "out") == kept(small)
    assert (tmp_path / "out" / "comparison.svg").read_bytes() == (small / "comparison.svg").read_bytes()


LONG = [str(SWINGUP), "--episodes", "5", "--steps", "10000000"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A comparison long enough to be stopped in the middle."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert compare(out, *LONG) == 0
    return out


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_it_goes_on_to_the_same_bytes(tmp_path, whole, how, capsys):
    """Stopped within the first tuning, by a person or by force."""
    out, arguments = tmp_path / "out", LONG
    process = subprocess.Popen(
        [sys.executable, "compare_baselines.py", *arguments, "--out", str(out)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while not (out / "state" / "tuned_swingup_one_weight" / "checkpoint").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(how)
        assert process.wait(60) == (130 if how == signal.SIGINT else -signal.SIGKILL)
    finally:
        process.kill()
    found = results(out)
    assert not found["complete"]
    last = found["tables"][0]["rows"][3]
    if how == signal.SIGINT:  # what was tuned so far is measured, and says how far that is
        assert not last["complete"] and last["n"] == 5 and 0 < last["facts"]["tuning_steps"] < 10_000_000
        assert "partial" in (out / "comparison.md").read_text()
    assert compare(out, *arguments) == 2
    assert "go on with it by --resume" in capsys.readouterr().err
    assert compare(out, *arguments, "--resume") == 0
    assert results(out)["complete"] and kept(out) == kept(whole)


@pytest.mark.parametrize("last", [[], ["--resume"]])
def test_a_failed_write_says_how_the_comparison_goes_on(tmp_path, monkeypatch, capsys, last):
    """The store names the comparison, and the command names itself."""
    out = tmp_path / "a b"

    def fail(_):
        with resumable(out, out / "x"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(WriteError) as caught:
        fail(None)
    assert caught.value.resume == str(out) and "compare_baselines" not in str(caught.value)
    monkeypatch.setattr(compare_baselines, "_run", fail)
    assert compare_baselines.main(["a.json", "--out", str(out), *last]) == 1
    said = capsys.readouterr().err
    assert said == f"compare_baselines.py: {caught.value}; go on with: " + (
        command_line("compare_baselines.py", "a.json", "--out", str(out), "--resume") + "\n"
    )
    words = shlex.split(said.rpartition("go on with: ")[2])
    assert Path(words[1]).is_file() and words[2:] == ["a.json", "--out", str(out), "--resume"]


def test_a_full_disk_ends_clearly_and_the_comparison_goes_on_when_there_is_room(small_disk, small, capsys):
    out = small_disk / "out"
    (small_disk / "ballast").write_bytes(bytes(48 * 1024))
    assert compare(out, SWINGUP, *FEW) == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said and "Traceback" not in said
    assert (
        f"go on with: {command_line('compare_baselines.py', str(SWINGUP), *FEW, '--out', str(out), '--resume')}" in said
    )
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert compare(out, SWINGUP, *FEW, "--resume") == 0
    assert kept(out) == kept(small)


def test_champions_of_one_task_share_a_table_and_others_have_their_own(tmp_path):
    walker = ROOT / "docs" / "champions" / "walker_one_weight.json"
    from baselines.comparison.comparison_options import ComparisonOptions, make_ready

    ready = make_ready(ComparisonOptions((str(SWINGUP), str(walker), str(OTHER), str(SWINGUP)), str(tmp_path / "out")))
    labels = [[entrant.label for entrant in group] for group in ready.groups]
    assert labels == [["swingup_one_weight", "swingup_published", "swingup_one_weight-2"], ["walker_one_weight"]]


@pytest.mark.slow
def test_a_champion_with_its_own_weights_is_played_and_tuned_from_them(small, tmp_path):
    out = tmp_path / "out"
    assert compare(out, small / "tuned_swingup_one_weight.json", "--episodes", 5, "--steps", 100_000) == 0
    rows = results(out)["tables"][0]["rows"]
    assert [row["setting"] for row in rows[:5]] == ["random_individual", "random_shared", "best_shared", "own", "tuned"]
    assert rows[3]["mean"] > 900 and rows[4]["mean"] > 900


HOSTILE = "<img src=x onerror=alert(1)>|[bold]`x`](y) *z* \\ & _q_ $m$ [/"


@pytest.mark.slow
def test_hostile_names_show_as_they_are(tmp_path, capsys):
    path = tmp_path / f"{HOSTILE.replace('/', '')}.json"
    champion = load_champion(SWINGUP)
    texts = {"input_names": (HOSTILE,) * 5, "output_names": (HOSTILE,), "simulator": HOSTILE}
    save_champion(path, dataclasses.replace(champion, **texts, versions={HOSTILE: HOSTILE}))
    out = tmp_path / "out"
    assert compare(out, path, "--episodes", 2, "--steps", 1) == 0
    label = path.stem
    assert label in capsys.readouterr().out.replace("\n", "")
    text = (out / "comparison.md").read_text()
    table = [line for line in text.splitlines() if line.startswith("| ")]
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in table]
    assert set(bars[:9]) == {9} and set(bars[9:]) == {8}  # no name adds a column
    assert "<img" not in "\n".join(line for line in text.splitlines() if not line.startswith("Made by"))
    assert not re.search(r"(?<!\\)[\[\]`*$]", "\n".join(table))
    assert "<img" not in (out / "comparison.svg").read_text()
    assert results(out)["champions"][0]["label"] == label
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", entry.name) for entry in out.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("absent.json", "absent.json: expected a champion file or a run directory, found nothing"),
        ("docs/champions/swingup_one_wieght.json", "did you mean 'docs/champions/swingup_one_weight.json'?"),
        ("docs", "docs: expected a champion file or a run directory, found a directory without champion.json"),
        ("README.md", "README.md:1: expected JSON"),
        (f"{NAMED} --episodes 1", "--episodes: expected a whole number from 2 to 1000000, found 1"),
        (f"{NAMED} --steps 0", "--steps: expected a whole number from 1 to"),
        (f"{NAMED} --workers -1", "--workers: expected a whole number from 0 to"),
        (f"{NAMED} --seed -1", "--seed: expected a whole number from 0 to 9223372036854775807, found -1"),
        (f"{NAMED} --seed x", "argument --seed: invalid int value: 'x'"),
        (
            f"{NAMED} --baselines linear",
            "--baselines: expected a champion of classification or of a sequence task with",
        ),
        (f"{NAMED} --resume", "--resume: expected a comparison in"),
        (f"{NAMED} --episode 3", "did you mean '--episodes'?"),
        ("docs/champions/mnist_published.json --baselines linaer", "found 'linaer' (did you mean 'linear'?)"),
        ("docs/champions/mnist_published.json --baselines mlp,mlp", "expected each once, found 'mlp' twice"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(ROOT)
    assert compare(tmp_path / "out", *shlex.split(arguments)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def altered(path: Path, **changes: object) -> Path:
    document = json.loads(SWINGUP.read_text())
    path.write_text(json.dumps(document | changes))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": {"name": "cartpole_swingap"}},
            "expected a task, found 'cartpole_swingap' (did you mean 'cartpole_swingup'?)",
        ),
        ({"task": {"name": "bipedal_walker"}}, "expected 24 inputs and 4 outputs"),
        ({"task": {"name": "cartpole_swingup", "max_stepz": 3}}, "did you mean 'max_steps'?"),
        ({"connections": []}, "expected a champion with enabled connections, found none"),
        ({"nodes": []}, "expected at least 7 nodes"),
        ({"format_version": 2}, "format_version: expected 1, found 2"),
    ],
)
def test_a_malformed_champion_is_one_sentence_with_its_file(tmp_path, capsys, changes, message):
    path = altered(tmp_path / "odd.json", **changes)
    assert compare(tmp_path / "out", path) == 2
    error = capsys.readouterr().err
    assert message in error and str(path) in error and error.count("\n") == 1


def test_resuming_something_else_is_refused(small, capsys):
    for changed, said in (
        ([SWINGUP, *FEW[:2]], "--steps"),
        ([OTHER, *FEW], "champions"),
        ([SWINGUP, *FEW, "--seed", 1], "--seed"),
    ):
        assert compare(small, *changed, "--resume") == 2
        assert f"expected the {said} that the comparison in {small} was started with" in capsys.readouterr().err


def test_a_directory_with_other_files_is_refused(tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert compare(tmp_path, SWINGUP) == 2
    assert "expected a new or empty directory, found files in it" in capsys.readouterr().err


@pytest.mark.slow
def test_a_damaged_cell_is_measured_anew_and_damaged_states_are_refused(small, tmp_path, capsys):
    import shutil

    out = tmp_path / "out"
    shutil.copytree(small, out)
    cell = out / "state" / "cells" / "tuned_swingup_one_weight.best_shared"
    cell.write_bytes(cell.read_bytes()[:-1])
    before = results(out)["tables"]
    assert compare(out, SWINGUP, *FEW, "--resume") == 0
    assert results(out)["tables"] == before
    for name in ("checkpoint", "checkpoint.previous"):
        if (state := out / "state" / "tuned_swingup_one_weight" / name).exists():
            state.write_bytes(b"nothing")
    assert compare(out, SWINGUP, *FEW, "--resume") == 2
    assert "no valid checkpoint is left" in capsys.readouterr().err


# --- tasks of other people ---


def random_champion(path: Path, task: str, options: dict) -> Path:
    made = make_task(task, options)
    genome = random_genome(made.num_inputs, made.num_outputs, np.random.default_rng(3))
    names = (made.input_names, made.output_names)
    champion = Champion(genome, task, *names, (1.0,), {}, {}, 0, 0, made.simulated_by, options)
    save_champion(path, champion)
    return path


OWN = """
import gymnasium
import numpy as np


class Slope(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = self.np_random.uniform(-0.5, 0.5), 0
        return np.array([self.place, 1], np.float32), {}

    def step(self, action):
        self.place += 0.1 * (2 * action - 1)
        self.steps += 1
        return np.array([self.place, 1], np.float32), -abs(self.place), self.steps == 10, False, {}


gymnasium.register("Slope-v0", Slope, max_episode_steps=10)
"""


@pytest.mark.slow
@pytest.mark.parametrize("id", ["slope_of_ours:Slope-v0", "CartPole-v1"])
def test_champions_of_gymnasium_tasks_are_compared(tmp_path, monkeypatch, id):
    """Those of a module of the user's too, which is named with the id."""
    (tmp_path / "slope_of_ours.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    path = random_champion(tmp_path / "champion-of-mine.json", "gymnasium", {"id": id})
    assert compare(tmp_path / "out", path, "--episodes", 4, "--steps", 200, "--workers", 0) == 0
    (table,) = results(tmp_path / "out")["tables"]
    assert table["task"]["id"] == id and all(row["n"] == 4 for row in table["rows"])
    tuned = load_champion(tmp_path / "out" / "tuned_champion-of-mine.json")
    assert tuned.task_options == {"id": id} and tuned.individual_weights is not None
    assert "falls" not in tuned.returns.get("individual_weights", {})
