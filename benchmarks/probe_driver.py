"""Returns of a driver that steers by a linear probe of an encoder: ``python -m benchmarks.probe_driver DIR``.

DIR is what ``train_vae.py --out DIR`` made. Prints returns in both simulators.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from encoding.quality import probe_driver
from envs.box2d.racer.task import CarRacing

SEEDS = range(100, 108)
GAINS = (0.5, 1.0)  # for half a road's width, and for a radian
GAS, BRAKE = 0.05, 0.0


def main(directory: Path) -> int:
    readings = np.array(json.loads((directory / "quality.json").read_text())["probe"]["weights"])
    for simulator in ("lanes", "gymnasium"):
        task = CarRacing(str(directory / "encoder.safetensors"), simulator=simulator)
        returns = probe_driver(task, readings, GAINS, (2 * GAS - 1, BRAKE), SEEDS)
        print(f"{simulator:10s} mean {returns.mean():.0f}: {' '.join(f'{value:.0f}' for value in returns)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
