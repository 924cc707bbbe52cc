"""Stages in one config: what follows from what, and that stops, kills and workers change nothing."""

import errno
import itertools
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from configs import load_config
from envs import registry
from envs.cartpole.task import CartPoleSwingUp
from evolution.mutation.mirroring import amplified, mirrored
from experiment.champions import Survivors
from experiment.stages import merged
from experiment.terminal.messages import resume_command
from networks import random_population
from run_search import main
from searching import command, metrics, run_command, staged_result, wait_for, write_staged_config
from storage.genome_file import load_genomes
from wann.champion import load_champion
from wann.errors import Stopped
from wann.files import PARTIAL
from wann.network import compile_population
from wann.population import Population

STAGES = [
    {
        "name": "discover",
        "generations": 5,
        "restarts": 3,
        "survivors": 6,
        "task": {"max_steps": 100},
        "evaluation": {"weights": [1.5], "rollouts": 1},
    },
    {
        "name": "refine",
        "generations": 4,
        "survivors": 5,
        "evaluation": {"weights": [1.5], "race": [{"share": 0.5, "rollouts": 2}]},
    },
    {
        "name": "widen",
        "generations": 4,
        "restarts": 2,
        "mirrored": True,
        "relays": 3,
        "search": {"population": 30, "mutation": {"add_connection": 0.0, "change_activation": 0.7}},
        "evaluation": {"sampled_weights": {"low": 0.5, "high": 2.5, "count": 4}},
    },
]
CHILDREN = [
    *(f"1-discover/restart-00{number}" for number in range(3)),
    "2-refine/restart-000",
    "3-widen/restart-000",
    "3-widen/restart-001",
]


def staged(path: Path, **changes: object) -> Path:
    return write_staged_config(path, **{"stages": STAGES, **changes})


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return staged(tmp_path_factory.mktemp("config") / "staged.yaml")


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory) -> Path:
    """The undisturbed run."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    return run


# --- what a run with stages is ---


def test_every_restart_is_a_run_of_its_own(whole):
    found = sorted(str(path.parent.relative_to(whole / "stages")) for path in whole.glob("stages/*/*/config.yaml"))
    assert found == CHILDREN
    seeds = []
    for child, stage in zip(CHILDREN, [STAGES[0]] * 3 + [STAGES[1]] + [STAGES[2]] * 2, strict=True):
        own = load_config(whole / "stages" / child / "config.yaml")
        assert own.stages == ()
        assert own.generations == stage["generations"] == len(metrics(whole / "stages" / child))
        seeds.append(own.seed)
    assert len(set(seeds)) == len(CHILDREN)
    assert seeds[0] == load_config(whole / "config.yaml").seed


def test_the_sections_of_a_stage_lie_over_those_of_the_config(whole):
    discover, refine, widen = (
        load_config(whole / "stages" / child / "config.yaml") for child in (CHILDREN[0], CHILDREN[3], CHILDREN[4])
    )
    assert [c.task.options for c in (discover, refine, widen)] == [{"max_steps": n} for n in (100, 150, 150)]
    assert [c.search.population for c in (discover, refine, widen)] == [24, 24, 30]
    assert widen.search.mutation.change_activation == 0.7
    assert widen.search.mutation.insert_node == discover.search.mutation.insert_node == 0.25
    assert discover.evaluation.weights == (1.5,) and discover.evaluation.rollouts == 1
    assert refine.evaluation.rollouts == 3
    assert widen.evaluation.weights is None


def test_a_stage_starts_from_the_best_survivors_of_the_one_before(whole):
    before = [load_genomes(whole / "stages" / child / "survivors") for child in CHILDREN[:3]]
    assert all(0 < len(file.genomes) <= 6 for file in before)
    assert all((np.diff(file.scores) <= 0).all() for file in before)
    start = load_genomes(whole / "stages" / CHILDREN[3] / "initial").genomes
    scores = {
        int(program): score
        for file in before
        for program, score in sorted(
            zip(compile_population(file.genomes).hashes, file.scores, strict=True), key=lambda p: p[1]
        )
    }
    best = sorted(scores.values(), reverse=True)[:6]
    assert [scores[int(program)] for program in compile_population(start).hashes] == best
    assert not (whole / "stages" / CHILDREN[0] / "initial").exists()


def test_a_mirrored_stage_starts_from_mirrored_survivors_with_copies_of_relays(whole):
    survivors = load_genomes(whole / "stages" / CHILDREN[3] / "survivors").genomes
    expected = compile_population(amplified(mirrored(survivors), 3)).hashes
    for child in CHILDREN[4:]:
        start = load_genomes(whole / "stages" / child / "initial").genomes
        np.testing.assert_array_equal(compile_population(start).hashes, expected)


def test_the_table_has_a_line_for_each_restart(whole):
    header, *lines = (whole / "stages.csv").read_text().splitlines()
    assert header == "stage,restart,seed,generations,env_steps,selection_steps,best_score,connections"
    assert [line.split(",")[:2] for line in lines] == [
        ["discover", "1"],
        ["discover", "2"],
        ["discover", "3"],
        ["refine", "1"],
        ["widen", "1"],
        ["widen", "2"],
    ]
    for child, line in zip(CHILDREN, lines, strict=True):
        assert int(line.split(",")[4]) == metrics(whole / "stages" / child)[-1]["env_steps"]
        assert int(line.split(",")[5]) > 0


def test_the_champion_is_of_the_last_stage_and_judged_on_whole_episodes(whole):
    champion = load_champion(whole / "champion.json")
    assert champion.config["stages"][0]["name"] == "discover"
    assert (champion.seed, champion.generation) == (0, 13)
    assert champion.weights == (0.75, 1.25, 1.75, 2.25)
    assert champion.task_options == {"max_steps": 1000}
    survivors = [load_genomes(whole / "stages" / child / "survivors").genomes for child in CHILDREN[4:]]
    assert champion.genome in [genome for genomes in survivors for genome in genomes]


def test_it_says_where_it_is(config, tmp_path, capsys):
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 0
    output = capsys.readouterr().out
    assert "Search: 3 stages (discover, refine, widen), seed 0" in output
    assert "Stage 1 of 3: discover, restart 2 of 3" in output
    assert "Stage 2 of 3: refine\n" in output
    assert "1-discover restart-001  generation 5/5" in output
    assert str(tmp_path / "run" / "stages.csv") in output
    assert "random, each its own" in output


def test_the_first_stage_may_copy_relays_of_the_champions_that_it_starts_from(whole, tmp_path):
    path = tmp_path / "staged.yaml"
    staged(path, stages=[{**STAGES[1], "generations": 1, "relays": 2}], initial=[str(whole / "champion.json")])
    assert main([str(path), "--run-dir", str(tmp_path / "run")]) == 0
    start = load_genomes(tmp_path / "run" / "stages" / "1-refine" / "restart-000" / "initial").genomes
    expected = amplified(Population.of([load_champion(whole / "champion.json").genome]), 2)
    assert list(start) == list(expected) and start[0].num_nodes > expected[0].num_fixed


def test_a_later_stage_sees_more(tmp_path):
    """Genomes that balance without velocities are handed on to a stage with velocities, and do there what they did."""
    first, second = STAGES[0], {**STAGES[1], "generations": 1}
    stages = [{**first, "restarts": 1, "task": {**first["task"], "velocities": False}}, second]
    assert main([str(staged(tmp_path / "s.yaml", stages=stages)), "--run-dir", str(tmp_path / "run")]) == 0
    few = load_genomes(tmp_path / "run" / "stages" / "1-discover" / "restart-000" / "survivors").genomes
    many = load_genomes(tmp_path / "run" / "stages" / "2-refine" / "restart-000" / "initial").genomes
    assert (few.num_inputs, many.num_inputs) == (3, 5) and len(few) == len(many) > 0
    found, expected = (
        CartPoleSwingUp(max_steps=100, velocities=genomes is many).evaluate(
            compile_population(genomes), np.array([1.5]), [1, 2]
        )
        for genomes in (many, few)
    )
    np.testing.assert_array_equal(found.values, expected.values)
    assert load_champion(tmp_path / "run" / "champion.json").input_names == CartPoleSwingUp().input_names


def test_a_search_goes_on_from_a_champion_that_saw_less(tmp_path):
    few = tmp_path / "few"
    blind = staged(tmp_path / "few.yaml", stages=[{**STAGES[0], "restarts": 1}])
    assert main([str(blind), "--set", "task.velocities=false", "--run-dir", str(few)]) == 0
    more = staged(tmp_path / "more.yaml", stages=STAGES[1:2], initial=[str(few / "champion.json")])
    assert main([str(more), "--run-dir", str(tmp_path / "more")]) == 0
    (start,) = load_genomes(tmp_path / "more" / "stages" / "1-refine" / "restart-000" / "initial").genomes
    assert start.num_inputs == 5 and start.num_enabled == load_champion(few / "champion.json").genome.num_enabled


def test_no_restart_follows_once_a_survivor_is_good_enough(tmp_path):
    enough = [{**STAGES[0], "enough": -1000}, STAGES[1]]
    assert main([str(staged(tmp_path / "s.yaml", stages=enough)), "--run-dir", str(tmp_path / "run")]) == 0
    assert [path.name for path in (tmp_path / "run" / "stages" / "1-discover").iterdir()] == ["restart-000"]


@pytest.mark.slow
def test_the_first_stage_starts_from_champions(config, whole, tmp_path, monkeypatch):
    (tmp_path / "start.json").write_bytes((whole / "champion.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main([str(config), "--run-dir", "run", "--set", "initial=[start.json]"]) == 0
    (tmp_path / "start.json").unlink()
    child = tmp_path / "run" / "stages" / CHILDREN[1]
    assert list(load_genomes(child / "initial").genomes) == [load_champion(whole / "champion.json").genome]
    assert main(["--resume", "run"]) == 0
    assert metrics(child)[0]["best_mean_return"] > metrics(whole / "stages" / CHILDREN[1])[0]["best_mean_return"]


@pytest.mark.slow
def test_replicates_have_stages_each(config, whole, tmp_path):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "replicates=2"]) == 0
    assert staged_result(run / "replicate-000") == staged_result(whole)
    assert staged_result(run / "replicate-001") != staged_result(whole)
    assert len((run / "replicates.csv").read_text().splitlines()) == 3
    before = (run / "replicate-001" / "champion.json").stat().st_mtime_ns
    assert main(["--resume", str(run)]) == 0
    assert (run / "replicate-001" / "champion.json").stat().st_mtime_ns == before


def test_survivors_of_restarts_are_merged_by_score_and_once_each():
    population = random_population(3, 2, 6, np.random.default_rng(0))
    hashes = compile_population(population).hashes
    assert len(set(hashes.tolist())) == 6
    one = Survivors(population.take([0, 1, 2]), np.array([9.0, 5.0, 1.0]), 0)
    other = Survivors(population.take([3, 1, 4]), np.array([7.0, 6.0, 0.0]), 0)
    none = Survivors(population.take([]), np.zeros(0), 0)
    found = compile_population(merged([one, none, other], 4)).hashes
    assert found.tolist() == hashes[[0, 3, 1, 2]].tolist()
    assert len(merged([none, none], 4)) == 0


def test_its_learning_curve_has_every_stage(whole, tmp_path, capsys):
    from benchmarks import curves

    assert curves.main([str(whole), str(tmp_path / "curve.svg")]) == 0
    header, _, *lines = capsys.readouterr().out.splitlines()
    assert header.startswith("| stage | steps |")
    assert [line.split(" | ")[0] for line in lines] == ["| discover", "| refine", "| widen"]
    assert (tmp_path / "curve.svg").read_text().count("widen") >= 1


# --- stopping and going on ---


# Files that exist when the driver is killed: within a generation, between two restarts, between two stages.
MOMENTS = [
    "stages/1-discover/restart-001/checkpoint",
    "stages/1-discover/restart-002/survivors",
    "stages/2-refine/restart-000/initial",
    "stages/3-widen/restart-000/survivors.partial",
    "stages/3-widen/restart-001/survivors",
]


@pytest.mark.slow
def test_the_driver_killed_again_and_again_changes_nothing(config, whole, tmp_path):
    run = tmp_path / "run"
    arguments = [config, "--run-dir", run]
    for moment in MOMENTS:
        with subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL) as process:
            # A file that was there too shortly to be seen is past when the next one is there.
            wait_for(lambda m=moment: (run / m).exists() or (run / m.removesuffix(".partial")).exists(), process)
            process.kill()
            process.wait()
        assert not (run / "champion.json").exists()
        arguments = ["--resume", run]
    assert main(["--resume", str(run)]) == 0
    assert staged_result(run) == staged_result(whole)


@pytest.mark.slow
def test_a_stop_saves_and_names_the_whole_run(config, whole, tmp_path):
    run = tmp_path / "run"
    child = run / "stages" / CHILDREN[3]
    with subprocess.Popen(command(config, "--run-dir", run), stdout=subprocess.PIPE, text=True) as process:
        wait_for((child / "checkpoint").exists, process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"--resume {run}\n" in output
    assert not (run / "stages" / CHILDREN[4]).exists()
    logging = ["--set", "logging.tensorboard=false", "--set", "workers.timeout_seconds=99"]
    assert main(["--resume", str(run), *logging]) == 0
    assert staged_result(run) == staged_result(whole)
    later = load_config(run / "stages" / CHILDREN[4] / "config.yaml")
    assert (later.logging.tensorboard, later.workers.timeout_seconds) == (False, 99)


@pytest.mark.parametrize("kind", ["survivors", "crown"])
def test_a_stop_while_genomes_are_chosen_changes_nothing(kind, config, whole, tmp_path, monkeypatch):
    from experiment import champions
    from experiment.terminal.command_line import StopRequest

    original = champions.rank_candidates

    def asked_to_stop(*arguments):
        chosen_for = "survivors" if len(arguments) == 6 else "crown"
        monkeypatch.setattr(StopRequest, "check", check if chosen_for == kind else before)
        return original(*arguments)

    def check(self):
        raise Stopped

    before = StopRequest.check
    monkeypatch.setattr(champions, "rank_candidates", asked_to_stop)
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run)]) == 130
    assert (run / "stages.csv").exists() == (kind == "crown")
    assert not (run / "champion.json").exists()
    monkeypatch.undo()
    assert main(["--resume", str(run)]) == 0
    assert staged_result(run) == staged_result(whole)


@pytest.mark.slow
def test_other_numbers_of_ray_workers_and_a_stop_change_nothing(config, whole, tmp_path):
    run = tmp_path / "run"
    ray = ["--set", "workers.evaluator=ray", "--set", "workers.num_workers=2"]
    with subprocess.Popen(command(config, "--run-dir", run, *ray), stdout=subprocess.DEVNULL) as process:
        wait_for((run / "stages" / CHILDREN[1] / "checkpoint").exists, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    done = run_command("--resume", run, "--set", "workers.num_workers=1")
    assert done.returncode == 0, done.stderr
    assert "on 1 Ray worker" in done.stdout
    assert staged_result(run) == staged_result(whole)


def test_a_restart_resumes_also_alone(whole, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(whole / "stages" / CHILDREN[3], alone)
    lines = metrics(alone)
    for name in ("checkpoint", "checkpoint.previous", "survivors", "metrics.jsonl"):
        (alone / name).unlink()
    assert main(["--resume", str(alone)]) == 0
    assert metrics(alone) == lines
    assert load_champion(alone / "champion.json").weights == (1.5,)


def test_damaged_survivors_are_chosen_again(config, whole, tmp_path, caplog):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    survivors = run / "stages" / CHILDREN[1] / "survivors"
    survivors.write_bytes(survivors.read_bytes()[:-5])
    assert main(["--resume", str(run)]) == 0
    assert "chosen again" in caplog.text
    assert staged_result(run) == staged_result(whole)


def test_a_full_disk_names_the_whole_run_and_loses_nothing(config, whole, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    write = Path.write_bytes
    for room in (4, 14, 20):  # files that can still be written: the disk is full in the first stage, and later
        count = itertools.count()

        def fail(path, data, room=room, count=count):
            if path.suffix == PARTIAL and next(count) >= room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(path, data)

        monkeypatch.setattr(Path, "write_bytes", fail)
        assert main(["--resume", str(run)] if run.exists() else [str(config), "--run-dir", str(run)]) == 1
        message = capsys.readouterr().err
        assert "disk full" in message and message.count("\n") == 1
        assert message.endswith(f"--resume {run}\n")
    monkeypatch.undo()
    assert main(["--resume", str(run)]) == 0
    assert staged_result(run) == staged_result(whole)


def test_another_config_is_refused(whole, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    assert main(["--resume", str(run), "--set", "seed=4"]) == 2
    assert main(["--resume", str(run), "--set", "search.population=40"]) == 2
    (run / "config.yaml").write_text((run / "config.yaml").read_text().replace("seed: 0", "seed: 5"))
    assert main(["--resume", str(run)]) == 2
    assert "expected the config that" in capsys.readouterr().err.splitlines()[-1]


# --- what goes wrong ---


def test_stages_in_which_everything_fails_end_clearly(tmp_path, monkeypatch, capsys):
    @dataclass(frozen=True)
    class Failing(CartPoleSwingUp):
        name = "failing"

        def evaluate(self, networks, weights, seeds):
            returns = super().evaluate(networks, weights, seeds)
            if np.shape(seeds)[-1] > 1:  # where survivors are chosen
                returns.values[:] = np.nan
            return returns

    monkeypatch.setitem(registry.TASKS, "failing", Failing)
    path = staged(tmp_path / "s.yaml", task={"name": "failing"})
    assert main([str(path), "--run-dir", str(tmp_path / "run")]) == 1
    assert "expected survivors of stage 'discover'" in capsys.readouterr().err
    assert "discover,3," in (tmp_path / "run" / "stages.csv").read_text()


@dataclass(frozen=True)
class NotFinite(CartPoleSwingUp):
    """Gives no finite return, from the beginning."""

    name = "not_finite"

    def evaluate(self, networks, weights, seeds):
        returns = super().evaluate(networks, weights, seeds)
        returns.values[:] = np.nan
        return returns


def test_a_first_generation_that_fails_ends_the_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(registry.TASKS, "not_finite", NotFinite)
    run = tmp_path / "run"
    assert main([str(staged(tmp_path / "s.yaml", task={"name": "not_finite"})), "--run-dir", str(run)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("run_search.py: every return of the first generation is not finite (24 genomes failed): ")
    assert "of the task 'not_finite'" in message and message.count("\n") == 1
    assert not list(run.rglob("checkpoint"))


def test_a_failing_task_names_the_whole_run(tmp_path, monkeypatch, capsys):
    @dataclass(frozen=True)
    class Failing(CartPoleSwingUp):
        name = "failing"

        def evaluate(self, networks, weights, seeds):
            if len(weights) > 1:  # in the last stage
                raise ArithmeticError("the simulator exploded")
            return super().evaluate(networks, weights, seeds)

    monkeypatch.setitem(registry.TASKS, "failing", Failing)
    run = tmp_path / "run"
    assert main([str(staged(tmp_path / "s.yaml", task={"name": "failing"})), "--run-dir", str(run)]) == 1
    message = capsys.readouterr().err
    assert "the simulator exploded" in message
    assert message.endswith(f"; what was finished is intact; go on with: {resume_command(str(run))}\n")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "generations=5",
            "stages: expected no generations beside stages, which have their own (13); or stages=[], found 5",
        ),
        ("search.population=5", "stages[0].survivors: expected at most 5, the population of the next stage, found 6"),
        ("task.name=cartpole", "did you mean 'cartpole_swingup'?"),
        ("initial=[nowhere.json]", "nowhere.json"),
    ],
)
def test_a_mistake_is_found_before_a_run_exists(override, expected, config, tmp_path, capsys):
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", override]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


# --- what every run does ---


@dataclass(frozen=True)
class Settling(CartPoleSwingUp):
    """Chooses its simulator, and says what its inputs went through."""

    name = "settling"
    engine: str = "auto"

    def __post_init__(self):
        object.__setattr__(self, "engine", "fast" if self.engine == "auto" else self.engine)

    @property
    def simulated_by(self):
        return f"engine {self.engine}"

    @property
    def preprocessing(self):
        return {"encoder_sha256": "00ff"}


def test_what_a_task_settles_is_written_down(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(registry.TASKS, "settling", Settling)
    path = staged(
        tmp_path / "s.yaml", task={"name": "settling"}, stages=[STAGES[0], {**STAGES[1], "task": {"engine": "auto"}}]
    )
    run = tmp_path / "run"
    assert main([str(path), "--run-dir", str(run)]) == 0
    written = yaml.safe_load((run / "config.yaml").read_text())
    assert written["task"] == {"name": "settling", "engine": "fast"}
    assert [stage["task"] for stage in written["stages"]] == [{"max_steps": 100}, {"engine": "fast"}]
    assert "Task: settling, simulated by engine fast" in capsys.readouterr().out
    champion = load_champion(run / "champion.json")
    assert champion.simulator == "engine fast"
    assert champion.task_options == {"engine": "fast"}
    assert champion.preprocessing == {"encoder_sha256": "00ff"}


def test_one_evaluator_serves_equal_tasks(config, tmp_path, monkeypatch):
    from experiment import build

    started, original = [], build.evaluator_of

    def starting(config, task, *rest):
        started.append(task)
        return original(config, task, *rest)

    monkeypatch.setattr(build, "evaluator_of", starting)
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 0
    assert [task.max_steps for task in started] == [100, 150, 1000]
