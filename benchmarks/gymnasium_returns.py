"""Returns of Gymnasium's simulators, kept for tests; ``python -m benchmarks.gymnasium_returns`` makes the files again.

Gymnasium takes many minutes for what lanes do in seconds, and the same seeds give the same returns. So tests that
compare the two (`tests/envs/box2d/test_faithful.py`, `tests/envs/box2d/test_car_simulators.py`) play the lanes' side
only, and repeat a few of these episodes to see that the files still say what Gymnasium does. On machines where another
Box2D rounds otherwise the files are as good a sample as any.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.car_simulators import drive
from envs.box2d.walker.task import BipedalWalker
from wann.genome import Genome, make_genome
from wann.network import Networks, compile_genome

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
WALKERS, RACERS = DATA / "gymnasium_walkers.npy", DATA / "gymnasium_racers.npy"
RECORDS = json.loads((DATA / "walkers.json").read_text())["genomes"]
WALKER_EPISODES = 100
WALKER_WEIGHT = np.array([1.0])
RACER_NUMBERS = (0, 4)  # of `benchmarks.car_simulators`
RACER_EPISODES, RACER_STEPS = 40, 70


def walker(number: int) -> Genome:
    """One of the networks that `walkers.json` holds."""
    keys = ("activations", "sources", "targets", "enabled")
    return make_genome(24, 4, *(RECORDS[number][key] for key in keys))


def walk(number: int, simulator: str, episodes: int = WALKER_EPISODES) -> NDArray[np.float64]:
    """[(returns, falls), episode] of a walker."""
    networks = Networks.of([compile_genome(walker(number))])
    task = BipedalWalker(max_steps=RECORDS[number]["max_steps"], simulator=simulator)
    found = task.evaluate(networks, WALKER_WEIGHT, np.arange(episodes))
    assert found.falls is not None
    return np.stack([found.values.ravel(), found.falls.ravel()])


def race(number: int, simulator: str, episodes: int = RACER_EPISODES) -> NDArray[np.float64]:
    """[episode] returns of a racer."""
    return drive(number, simulator, episodes, max_steps=RACER_STEPS)


if __name__ == "__main__":
    np.save(WALKERS, np.stack([walk(number, "gymnasium") for number in range(len(RECORDS))]))
    np.save(RACERS, np.stack([race(number, "gymnasium") for number in RACER_NUMBERS]))
    print(f"wrote {WALKERS} and {RACERS}")
