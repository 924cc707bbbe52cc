"""``python -m tests.chaos small|full|soak [--out DIR]``: what docs/reliability.md reports (``make chaos``)."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.chaos.cluster import QUICK_HEALTH, ROOT, Cluster
from tests.chaos.faults import FULL, NAMES, SMALL, SMALLEST
from tests.chaos.machines import Network, NoNamespacesError, go_inside
from tests.chaos.soak import soak
from tests.chaos.trial import Search, Trial

_CONFIGS = ROOT / "configs"
_POLE, _WALKER = str(_CONFIGS / "cartpole_swingup_age_fitness.yaml"), str(_CONFIGS / "bipedal_walker_discover.yaml")
_OFTEN = ("logging.checkpoint_every=5", "logging.checkpoint_seconds=0")
_BRIEF = (
    "champion.candidates=2",
    "champion.first_episodes=4",
    "champion.selection_episodes=8",
    "champion.report_episodes=2",
)


def _search(name: str, config: str, *settings: str) -> Search:
    return Search(name, (config, *(word for setting in (*_OFTEN, *settings) for word in ("--set", setting))))


# Searches, each with its faults.
_SLOW_POLE = ("task.name=slow_tasks:Pole", "generations=60", "evaluation.sampled_weights.count=16")
_SLOW_WALKER = ("task.name=slow_tasks:Walker", "generations=80", "search.population=64")
_SMALL = (
    (_search("pole", _POLE, *_SLOW_POLE, *_BRIEF), SMALL),
    (_search("walker", _WALKER, *_SLOW_WALKER, *_BRIEF), SMALLEST),
)
_FULL = (
    (_search("pole", _POLE, "generations=500", "evaluation.rollouts=8", *_BRIEF), FULL),
    (_search("walker", _WALKER, "generations=2000", *_BRIEF), FULL),
)
_LONG = (
    _search("pole", _POLE, "generations=1000000", "workers.num_workers=2"),
    _search("walker", _WALKER, "generations=1000000", "workers.num_workers=2"),
)


def _trials(directory: Path, full: bool) -> bool:
    """True if nothing was lost."""
    reports = []
    for number, (search, plan) in enumerate(_FULL if full else _SMALL):
        cluster = _cluster(directory, number, quick=not full)
        cluster.join(3 if plan is not SMALLEST else 2)
        trial = Trial(search, cluster, directory, pause=1.0 if full else 0.5, seed=number)
        trial.endure(plan)
        cluster.end()
        reports.append(trial.report())
        print(json.dumps(reports[-1], indent=1), flush=True)
    (directory / "chaos.json").write_text(json.dumps(reports, indent=1))
    for kind in NAMES:
        print(f"{NAMES[kind]:60} {[report['faults'].get(kind, 0) for report in reports]}")
    return all(report["identical"] and not report["lost_env_steps"] for report in reports)


def _soak(directory: Path, hours: float) -> bool:
    cluster = _cluster(directory, 0, quick=False)
    cluster.join(4)
    report = soak(list(_LONG), cluster, directory, hours)
    cluster.end()
    (directory / "soak.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    return True


def _cluster(directory: Path, number: int, quick: bool) -> Cluster:
    place = directory / f"cluster{number}"
    place.mkdir()
    return Cluster(_NETWORK, place, QUICK_HEALTH if quick else None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("what", choices=("small", "full", "soak"))
    parser.add_argument("--out", default="chaos-out", type=Path, help="a new directory (%(default)s)")
    parser.add_argument("--hours", default=2.0, type=float, help="of the soak (%(default)s)")
    asked = parser.parse_args()
    try:
        go_inside()
    except NoNamespacesError as error:
        sys.exit(f"chaos: {error}")
    _NETWORK = Network()
    try:
        asked.out.mkdir(parents=True)
    except OSError as error:
        print(f"chaos: --out {asked.out}: expected a new directory, found: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    out = asked.out.resolve()
    sys.exit(0 if (_soak(out, asked.hours) if asked.what == "soak" else _trials(out, asked.what == "full")) else 1)
