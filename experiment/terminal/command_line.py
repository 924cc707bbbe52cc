"""Shared by the commands: one-sentence errors, exit statuses, and stopping at a convenient moment."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import NoReturn, Self

from wann.errors import Stopped, UserError, did_you_mean

DONE, FAILED, MISTAKE, INTERRUPTED = 0, 1, 2, 130


class ArgumentParser(argparse.ArgumentParser):
    """Reports a wrong command line as a `UserError` instead of printing the usage."""

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            options = [option for action in self._actions for option in action.option_strings]
            first = unknown.split()[0]
            hint = did_you_mean(first.split("=")[0], options) if first.startswith("-") else ""
            raise UserError(expected="known arguments", found=f"{unknown}{hint}")
        raise UserError(f"{message} (see --help)")


def exit_status(command: str, action: Callable[[], int], is_part: bool = False) -> int:
    """Run ``action``; turn what a person can act on into one sentence on standard error and a status.

    Args:
        command: as its user calls it.
        action: the command itself; gives the status if nothing goes wrong.
        is_part: the process is one of several that another one started, which says how to go on.
    """
    from experiment.terminal.messages import sentence_of
    from storage.files import RunError

    try:
        return action()
    except (UserError, RunError) as error:
        print(str(error) if is_part else f"{command}: {sentence_of(error)}", file=sys.stderr)
        return MISTAKE if isinstance(error, UserError) else FAILED
    except KeyboardInterrupt:
        print(f"{command}: interrupted", file=sys.stderr)
        return INTERRUPTED


class StopRequest:
    """Turns the first Ctrl-C (or SIGTERM) into ``requested``; a second Ctrl-C interrupts at once.

    Outside the main thread, where Python has no signals, nothing is turned into anything: another thread may set
    ``requested``.
    """

    def __init__(self, notice: Callable[[], None]) -> None:
        self.requested = False
        self._notice = notice
        self._before: dict[signal.Signals, object] = {}

    def check(self) -> None:
        """Raise `Stopped` if a stop is asked for."""
        if self.requested:
            raise Stopped

    def watch_input(self) -> None:
        """Take the end of standard input for a request too: it is what a parent that dies leaves to its child."""

        def wait() -> None:
            with suppress(OSError):
                while os.read(0, 1024):
                    pass
            self.requested = True

        # Not through sys.stdin, whose lock an interpreter that ends would wait for.
        threading.Thread(target=wait, daemon=True).start()

    def __enter__(self) -> Self:
        in_main_thread = threading.current_thread() is threading.main_thread()
        for number in (signal.SIGINT, signal.SIGTERM) if in_main_thread else ():
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self._notice()
