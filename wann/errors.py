"""Errors as data: the expectation, the finding and the place. Sentences are composed once, from these fields."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self


class UserError(ValueError):
    """A mistake in a config, a file or a command line.

    Commands print `sentence` on standard error and exit with status 2, without a traceback. Code that needs details of
    a mistake reads its fields; nothing parses the sentence.

    Attributes:
        expected: the expected value, as in "at least 1".
        found: the actual value; empty if the expectation says enough.
        key: of the config or command line, dotted, such as ``task.max_steps`` or ``--weight``; empty if none.
        place: the file (and line) or override that the value came from; empty if unknown.
        remedy: advice to the user, in words that name no command; empty if it is obvious.
        resume: the run that can be resumed once the mistake is corrected, if there is one. Commands say how.
    """

    def __init__(
        self,
        message: str = "",
        *,
        expected: str = "",
        found: str = "",
        key: str = "",
        place: str | Path = "",
        remedy: str = "",
        resume: str | Path | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected, self.found = expected, found
        self.key, self.place, self.remedy = key, str(place), remedy
        self.resume = resume

    @property
    def sentence(self) -> str:
        """``PLACE: KEY: expected EXPECTED, found FOUND; REMEDY``, without empty parts."""
        said = self.message or f"expected {self.expected}" + (f", found {self.found}" if self.found else "")
        opening = "".join(f"{part}: " for part in (self.place, self.key) if part)
        return opening + said + (f"; {self.remedy}" if self.remedy else "")

    def at(self, **fields: Any) -> Self:
        """The same error with some fields replaced, such as the place, which only the caller knows."""
        return type(self)(self.message, **{**self.fields(), **fields})

    def fields(self) -> dict[str, Any]:
        """All but the message, by name, as the constructor takes them."""
        names = ("expected", "found", "key", "place", "remedy", "resume")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return self.sentence

    def __reduce__(self) -> tuple:  # workers send mistakes to the driver
        return _restored, (type(self), self.message, self.fields())


def _restored(kind: type[UserError], message: str, fields: dict[str, Any]) -> UserError:
    return kind(message, **fields)


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """A stop was requested and carried out at a point where nothing is lost."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known name, or all names if none is near."""
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (known: {', '.join(known)})" if known else ""
