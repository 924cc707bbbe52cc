"""The page of a finished run. The command that inspects champions makes it, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console

from experiment.terminal.command_line import DONE
from experiment.terminal.messages import print_report
from storage.run_directory import RunDirectory
from wann.errors import UserError
from wann.extras import check_extra

_COMMAND = Path(__file__).resolve().parents[1] / "inspect_champion.py"
_DIRECTORY, _PAGE = "report", "report.html"


def write_page(run: RunDirectory, console: Console) -> None:
    """Write the page of a run whose config asks for it, and print where it is. Runs kept at a URL have none.

    A run does not fail for want of a page: the reason is printed instead.
    """
    if run.config.logging.report and run.mirror is None:
        directory = run.path / _DIRECTORY
        print_report(console, run, directory / _PAGE, _lacking(run.path, directory))


def _lacking(run: Path, directory: Path) -> str | None:
    """Write the page into a directory. Returns why there is none, or None if there is."""
    try:
        check_extra("inspect", "packages that draw", key="logging.report")
        arguments = [sys.executable, str(_COMMAND), str(run), "--out", str(directory)]
        process = subprocess.run(arguments, capture_output=True, text=True, check=False)
    except UserError as error:
        return str(error)
    except KeyboardInterrupt:
        return "interrupted"
    said = process.stderr.strip().splitlines() or [f"the process ended with status {process.returncode}"]
    return None if process.returncode == DONE else said[-1].removeprefix(f"{_COMMAND.name}: ")
