"""Searches on images give the same bytes in one process and on Ray workers, at once and stopped on the way."""

import pytest

from run_search import main
from searching import result, write_config

TASK = {"name": "classification", "dataset": "digits", "batch": 200}
SEARCHES = {
    "published": {
        "task": TASK,
        "search": {"population": 40, "tournament_size": 8, "initial_connectivity": 0.05},
        "evaluation": {"rollouts": 1},
    },
    "gradient_informed": {
        "task": {**TASK, "score": "tempered_cross_entropy"},
        "search": {
            "strategy": "gradient_informed",
            "activations": ["linear", "inverse", "abs"],
            "gradient": {"equal_paths": True, "probes": 16},
        },
        "evaluation": {"weights": [1], "rollouts": 1},
    },
}
SEARCHES["lineages"] = {
    **SEARCHES["gradient_informed"],
    "search": {
        **SEARCHES["gradient_informed"]["search"],
        "gradient": {"equal_paths": True, "probes": 16, "lineages": 3, "renew_every": 4},
    },
}
GENERATIONS = 12


def marked(name: str) -> object:
    return pytest.param(name, marks=[] if name == "published" else [pytest.mark.slow])


@pytest.mark.parametrize("name", [marked(name) for name in SEARCHES])
def test_same_bytes(name, tmp_path):
    config = write_config(tmp_path / "config.yaml", generations=GENERATIONS, **SEARCHES[name])

    def run(directory: str, *arguments: str) -> None:
        assert main([str(config), "--run-dir", str(tmp_path / directory), *arguments]) == 0

    run("inline")
    expected = result(tmp_path / "inline")
    assert len(expected[1]) == GENERATIONS
    run("ray", "--set", "workers.evaluator=ray", "--set", "workers.num_workers=2")
    assert result(tmp_path / "ray") == expected
    run("half", "--set", f"generations={GENERATIONS // 2}")
    (tmp_path / "half" / "champion.json").unlink()
    assert main(["--resume", str(tmp_path / "half"), "--set", f"generations={GENERATIONS}"]) == 0
    assert result(tmp_path / "half") == expected


def test_a_strategy_without_gradients_to_ask_for(tmp_path, capsys):
    config = write_config(tmp_path / "config.yaml", search={"strategy": "gradient_informed"})
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 2
    message = capsys.readouterr().err
    assert "expected a task with gradients for 'gradient_informed', found 'cartpole_swingup'" in message
    assert not (tmp_path / "run").exists()


def test_images_are_looked_for_before_a_run_is_begun(tmp_path, capsys):
    config = write_config(tmp_path / "config.yaml", task={**TASK, "batch": 2000})
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 2
    assert "expected at most the 1197 images of digits's train part, found 2000" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
