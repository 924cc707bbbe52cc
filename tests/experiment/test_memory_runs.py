"""Whole runs of networks with memory: the same bytes on resume, a champion that plays, a report, and refusals."""

import json

import numpy as np
import pytest

from inspect_champion import main as inspect_main
from inspection.policy import Policy
from run_search import main
from searching import metrics, write_config
from wann.champion import load_champion
from wann.network import compile_genome

MEMORY = {
    "add_connection": 0.1,
    "insert_node": 0.15,
    "change_activation": 0.25,
    "add_delayed_connection": 0.3,
    "change_delay": 0.1,
    "add_plastic_connection": 0.1,
    "enable": 0,
}
PALETTE = ["linear", "inverse", "tanh", "step", "accumulate", "product"]
SEARCH = {"population": 24, "tournament_size": 4, "mutation": MEMORY, "activations": PALETTE}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    config = write_config(folder / "c.yaml", search=SEARCH, generations=10)
    assert main([str(config), "--run-dir", str(folder / "run")]) == 0
    return folder / "run"


def test_a_run_resumes_with_the_same_bytes(finished, tmp_path):
    config = write_config(tmp_path / "c.yaml", search=SEARCH, generations=5)
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 0
    assert main(["--resume", str(tmp_path / "run"), "--set", "generations=10"]) == 0
    assert metrics(tmp_path / "run") == metrics(finished)
    own, other = (json.loads((run / "champion.json").read_text()) for run in (tmp_path / "run", finished))
    assert (own["nodes"], own["connections"]) == (other["nodes"], other["connections"])


def test_the_champion_has_memory_and_plays(finished):
    champion = load_champion(finished / "champion.json")
    network = compile_genome(champion.genome)
    assert network.num_state > 0, "the seed gives one; choose another if the operators change"
    policy = Policy(champion)
    played = policy.play(3)
    expected = policy.task.evaluate_oracle(network, policy.setting, np.array([3]))
    assert (played.value, played.steps) == (expected.values.item(), expected.steps.item())
    environment, total = policy.task.make_environment(), 0.0
    for _ in range(2):  # the second episode remembers nothing of the first
        policy.reset()
        observation, over, total = environment.reset(seed=3)[0], False, 0.0
        while not over:
            observation, reward, terminated, truncated, _ = environment.step(policy.action(observation))
            over, total = terminated or truncated, total + float(reward)
        assert total == pytest.approx(played.value, abs=1e-9)


def test_the_champion_has_a_report(finished, tmp_path):
    arguments = [finished / "champion.json", "--out", tmp_path, "--episodes", 2, "--export", "torch,onnx,dot"]
    assert inspect_main([*map(str, arguments)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert 'class="live-root"' in page and "No pictures" not in page
    assert "data-delay=" in page or "data-plastic=" in page or "accumulate" in page
    assert "def initial_state" in (tmp_path / "champion_torch.py").read_text()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"task": {"name": "classification", "dataset": "digits"}, "search": SEARCH},
            "search.mutation.add_delayed_connection: expected a task that keeps the state of networks from step to "
            "step, found 'classification'",
        ),
        (
            {
                "task": {"name": "classification", "dataset": "digits"},
                "search": {"population": 24, "tournament_size": 4, "activations": PALETTE},
            },
            "search.activations: expected a task that keeps the state",
        ),
        (
            {"search": {**SEARCH, "safe_mutation": {}}},
            "search.safe_mutation: expected networks without state, which single observations tell apart, found those "
            "of search.mutation.add_delayed_connection",
        ),
        (
            {
                "search": {"population": 24, "tournament_size": 4},
                "generations": 2,
                "stages": [
                    {"name": "a", "generations": 1, "survivors": 2, "search": {"activations": PALETTE}},
                    {"name": "b", "generations": 1, "search": {"safe_mutation": {}}},
                ],
            },
            "search.safe_mutation: expected networks without state, which single observations tell apart, found those "
            "of search.activations",
        ),
        (
            {"search": {**SEARCH, "mutation": {**MEMORY, "enable": 0, "change_delay": 0, "repeat_along_group": 0.1}}},
            "search.mutation.repeat_along_group: expected a task that declares groups of inputs or outputs, found "
            "'cartpole_swingup'",
        ),
    ],
    ids=["task", "palette", "safe mutation", "later stage", "groups"],
)
def test_networks_with_memory_are_refused_where_they_cannot_be(changes, expected, tmp_path, capsys):
    config = write_config(tmp_path / "c.yaml", **changes)
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 2
    assert expected in " ".join(capsys.readouterr().err.split())
