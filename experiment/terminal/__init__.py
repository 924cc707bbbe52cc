"""The terminal: live displays, bars, tables, every sentence that names a command, and the command line.

Imports what `experiment` may, and ``rich``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from experiment.terminal.bars import Bars as Bars
    from experiment.terminal.champion_table import print_champion as print_champion
    from experiment.terminal.command_line import ArgumentParser as ArgumentParser
    from experiment.terminal.command_line import StopRequest as StopRequest
    from experiment.terminal.command_line import exit_status as exit_status
    from experiment.terminal.live import Display as Display
    from experiment.terminal.messages import resume_command as resume_command
    from experiment.terminal.messages import sentence_of as sentence_of

_PLACES = {
    "ArgumentParser": "experiment.terminal.command_line",
    "Bars": "experiment.terminal.bars",
    "Display": "experiment.terminal.live",
    "StopRequest": "experiment.terminal.command_line",
    "exit_status": "experiment.terminal.command_line",
    "print_champion": "experiment.terminal.champion_table",
    "resume_command": "experiment.terminal.messages",
    "sentence_of": "experiment.terminal.messages",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
