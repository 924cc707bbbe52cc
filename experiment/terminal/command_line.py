"""Common parts of the commands: one-sentence errors, exit statuses, and stopping between generations."""

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


def exit_status(
    command: str, action: Callable[[], int], is_part: bool = False, resume: Callable[[str], str] | None = None
) -> int:
    """Run ``action``. Errors that a user can act on become one sentence on standard error and a status.

    Args:
        command: its name, as the user types it.
        action: the command itself; returns the status if nothing goes wrong.
        is_part: True in one of several processes started by another one, which tells the user how to resume.
        resume: gives the command that resumes what is at an address, if it is not a run.
    """
    from storage.files import RunError

    try:
        return action()
    except (UserError, RunError) as error:
        from experiment.terminal.messages import sentence_of  # not for `--help`: it takes a third of a second

        print(str(error) if is_part else f"{command}: {sentence_of(error, resume)}", file=sys.stderr)
        return MISTAKE if isinstance(error, UserError) else FAILED
    except KeyboardInterrupt:
        print(f"{command}: interrupted", file=sys.stderr)
        return INTERRUPTED


class StopRequest:
    """Sets ``requested`` on the first Ctrl-C (or SIGTERM). A second Ctrl-C interrupts at once.

    Outside the main thread, where Python has no signals, signals are not handled. Another thread may set ``requested``.
    """

    def __init__(self, notice: Callable[[], None]) -> None:
        self.requested = False
        self._notice = notice
        self._before: dict[signal.Signals, object] = {}

    def check(self) -> None:
        """Raise `Stopped` if a stop was requested."""
        if self.requested:
            raise Stopped

    def watch_input(self) -> None:
        """Treat the end of standard input as a request too. It also occurs when the parent process dies."""

        def wait() -> None:
            with suppress(OSError):
                while os.read(0, 1024):
                    pass
            self.requested = True

        # Not through sys.stdin, because the interpreter would wait for its lock at exit.
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
