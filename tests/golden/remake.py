"""Rewrites the golden run from the config it carries, and the digests of configs/: python tests/golden/remake.py

Do so only when a change is meant to change results, and say so in CHANGELOG.md.
"""

import json
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from configs import load_config  # noqa: E402
from evolution import shared_weight  # noqa: E402
from golden.short import COARSE, CONFIGS, DIGESTS, NAMES, digests, shortened  # noqa: E402
from run_search import main  # noqa: E402
from searching import metrics  # noqa: E402 - the paths above come first

GOLDEN = HERE / "run.json"
_RESULTS = ("nodes", "connections", "generation")


def run(config: dict, directory: Path) -> dict:
    """The config, its metrics, and the champion's network."""
    path = directory / "config.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    load_config(path)
    assert main([str(path), "--run-dir", str(directory / "run")]) == 0
    champion = json.loads((directory / "run" / "champion.json").read_text())
    return {
        "config": config,
        "metrics": metrics(directory / "run"),
        "champion": {key: champion[key] for key in _RESULTS},
    }


def run_short(name: str, directory: Path) -> dict[str, str]:
    """The digests of a short run of a config; `evolution.shared_weight.GRID_STEP` is to be `COARSE`."""
    path = directory / "config.yaml"
    path.write_text(json.dumps(shortened(yaml.safe_load((CONFIGS / f"{name}.yaml").read_text()))))  # JSON is YAML
    assert main([str(path), "--run-dir", str(directory / "run")]) == 0
    return digests(directory / "run")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        golden = run(json.loads(GOLDEN.read_text())["config"], Path(scratch))
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    shared_weight.GRID_STEP = COARSE
    found = {key: value for key, value in json.loads(DIGESTS.read_text()).items() if " on " in key}
    for name in NAMES:
        with tempfile.TemporaryDirectory() as scratch:
            found[name] = run_short(name, Path(scratch))
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n")
