"""The champions of docs/results/, evaluated again: in float64 by the oracle, and by the kernels."""

import numpy as np
import pytest

from datafiles import published
from envs.registry import task_of_champion
from envs.task import Task
from places import CHAMPIONS as DIRECTORY
from wann.champion import Champion, load_champion
from wann.network import Networks, compile_genome

# Gymnasium draws 1000 x 800 pixels for each frame of a racer's, and steps a walker in Python. Others are large.
SLOW = (
    "racer",
    "walker",
    "mnist_equal_paths.",
    "mnist_equal_paths_1849",
    "mnist_gates",
    "swingup_one_weight",
    "swingup_small",
    "swingup_wide",
    "swingup_without_velocities",
)
NAMES = [
    pytest.param(path.name, marks=[pytest.mark.slow] if path.name.startswith(SLOW) else [])
    for path in sorted(DIRECTORY.glob("*.json"))
]
# Two episodes of a racer tell little of its returns at random weights, and take a minute.
NAMES_AT_RANDOM = [name for name in NAMES if not str(name.values[0]).startswith("racer")]
REPORTED = {"mnist_gates.json": 20, "mnist_gates_1500.json": 20}  # episodes, of classifiers weights; of others 100
# A pole's episode takes a seventh of a second in float64; a classifier's weight takes 10,000 images.
EPISODES = {"cartpole_swingup": 32, "bipedal_walker": 16, "car_racing": 2, "classification": 6}
ROUNDING = {"classification": 0.05}  # percent: images between two classes
FIRST_SEED = 1_900_000_000  # beyond every seed of a search, its selection and its report


def task_of(champion: Champion) -> Task:
    if champion.task == "classification":
        published(champion.task_options["dataset"])
    elif champion.task != "cartpole_swingup":
        pytest.importorskip("Box2D")
    reported = task_of_champion(champion, simulator="auto").reported
    return getattr(reported, "untouched", reported)


def settings_of(champion: Champion) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weights [W] and seeds [W, R] of each reported condition."""
    episodes = EPISODES[champion.task]
    seeds = np.arange(episodes) + FIRST_SEED
    random = champion.returns["random_shared_weight"]
    weights = np.random.default_rng(0).uniform(random["low"], random["high"], episodes)
    best = np.array([champion.returns["best_shared_weight"]["weight"]])
    return {"random_shared_weight": (weights, seeds[:, None]), "best_shared_weight": (best, seeds[None])}


def assert_same_mean(found: np.ndarray, reported: dict, count: int, rounding: float) -> None:
    """Within ``rounding`` and 4 standard errors of the difference of the means: one false alarm in 16,000 if normal."""
    error = np.sqrt(max(found.var(), reported["std"] ** 2) / found.size + reported["std"] ** 2 / count)
    assert abs(found.mean() - reported["mean"]) < 4 * error + rounding + 1e-9


def check(name: str, condition: str) -> None:
    champion = load_champion(DIRECTORY / name)
    count = REPORTED.get(name, 100)
    assert champion.returns["episodes"] == count
    task = task_of(champion)
    weights, seeds = settings_of(champion)[condition]
    network = compile_genome(champion.genome)
    reported, rounding = champion.returns[condition], ROUNDING.get(champion.task, 0)
    assert_same_mean(task.evaluate_oracle(network, weights, seeds).values, reported, count, rounding)
    # A network that lives on rounding noise would tell float32 from float64.
    assert_same_mean(task.evaluate(Networks.of([network]), weights, seeds).values, reported, count, rounding)


# Two classes, so that two processes share what takes longest of all tests.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES_AT_RANDOM)
class TestAtRandomSharedWeights:
    def test_a_champion_returns_what_its_file_says(self, name):
        check(name, "random_shared_weight")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
class TestAtTheBestSharedWeight:
    def test_a_champion_returns_what_its_file_says(self, name):
        check(name, "best_shared_weight")


def test_the_best_champions_reach_their_bars():
    random = load_champion(DIRECTORY / "swingup_random_weight.json")
    assert random.returns["random_shared_weight"]["mean"] >= 640
    wide = load_champion(DIRECTORY / "swingup_wide.json").returns
    assert wide["random_shared_weight"]["mean"] >= 760 and wide["best_shared_weight"]["mean"] >= 900
    one = load_champion(DIRECTORY / "swingup_one_weight.json")
    assert one.returns["best_shared_weight"]["mean"] >= 925
    assert compile_genome(one.genome).num_connections <= 40
    small = load_champion(DIRECTORY / "swingup_small.json")
    assert small.returns["best_shared_weight"]["mean"] >= 930
    assert compile_genome(small.genome).num_connections <= 40
    blind = load_champion(DIRECTORY / "swingup_without_velocities.json")
    assert blind.returns["best_shared_weight"]["mean"] >= 850 and blind.input_names == (
        "cart position",
        "cos pole angle",
        "sin pole angle",
    )
    walker = load_champion(DIRECTORY / "walker_random_weight.json")
    assert walker.returns["random_shared_weight"]["mean"] >= 51
    wider = load_champion(DIRECTORY / "walker_wide.json")
    assert wider.returns["random_shared_weight"]["mean"] >= 180
    best = load_champion(DIRECTORY / "walker_one_weight.json").returns["best_shared_weight"]
    assert best["mean"] >= 285 and best["falls"] <= 0.03
    published = load_champion(DIRECTORY / "mnist_published.json").returns
    assert published["best_shared_weight"]["mean"] >= 91.9 and published["vote"] >= 91.6
    classifier = load_champion(DIRECTORY / "mnist_equal_paths.json").returns
    assert classifier["best_shared_weight"]["mean"] >= 95
    assert classifier["random_shared_weight"]["mean"] >= 94 and classifier["random_shared_weight"]["min"] >= 85
    for limit, least in ((1849, 96), (200, 87)):
        champion = load_champion(DIRECTORY / f"mnist_equal_paths_{limit}.json")
        assert compile_genome(champion.genome).num_connections <= limit
        assert champion.returns["random_shared_weight"]["min"] >= least
    for name, limit, least in (("mnist_gates", 12_000, 98.4), ("mnist_gates_1500", 1500, 95.1)):
        champion = load_champion(DIRECTORY / f"{name}.json")
        assert compile_genome(champion.genome).num_connections <= limit
        assert champion.returns["random_shared_weight"]["min"] >= least
    racer = load_champion(DIRECTORY / "racer_one_weight.json")
    assert racer.returns["best_shared_weight"]["mean"] >= 720 and compile_genome(racer.genome).num_connections <= 40
    sighted = load_champion(DIRECTORY / "racer_dashboard.json").returns
    assert sighted["best_shared_weight"]["mean"] >= 720 and sighted["random_shared_weight"]["mean"] >= 400
