"""Events are written by tensorboardX, without torch."""

import subprocess
import sys

SCRIPT = """
import sys
from pathlib import Path
from experiment.recording import Events

events = Events(Path(sys.argv[1]), first_step=7)
events.add(7, {"best": 1.5})
events.close()
assert "torch" not in sys.modules and "tensorboardX" not in sys.modules
from tensorboardX import SummaryWriter  # all of it, for others in the process

SummaryWriter(sys.argv[1] + "/others").close()
"""


def test_events_do_not_import_torch_and_leave_the_package_whole(tmp_path) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], check=True)
    assert list(tmp_path.glob("events.out.tfevents.*"))
