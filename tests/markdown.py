"""Commands, configs and Python in Markdown, with what a test says beside them.

A comment before a fenced block says how the test runs its commands where it cannot do so as they stand:

    <!-- test:
    needs DATASET           nothing of the block is run where that published dataset is missing
    first COMMAND           is run before the block
    add OPTIONS             is appended to the command: it is run with less to do
    instead COMMAND         is run in its place
    skip REASON             nothing is run
    -->

``add``, ``instead``, ``skip`` and ``as is`` stand in the order of the block's commands, one for each, or once for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

_COMMENT = re.compile(r"^<!-- test:\s*(.*?)\s*-->$", re.DOTALL)
_DIRECTIVE = re.compile(r"^(needs|first|add|instead|skip|as is)\b\s*(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``line`` is that of its first line, ``comment`` the text of the test's comment before it."""

    document: Path
    line: int
    language: str
    text: str
    comment: str

    @property
    def place(self) -> str:
        return f"{name_of(self.document)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command as it stands in the text, and what is run for it: nothing if there is a reason to skip it."""

    place: str
    shown: str
    run: str | None
    reason: str = ""
    needs: str = ""  # a dataset


def name_of(document: Path) -> str:
    """Its path in the project."""
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path) -> Iterator[Block]:
    """All fenced blocks of a document, in order."""
    lines = document.read_text().splitlines()
    opened: int | None = None
    comment = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        if opened is None and line.startswith("<!-- test:"):
            end = next(index for index in range(number, len(lines)) if lines[index].endswith("-->"))
            found = _COMMENT.match("\n".join(lines[number : end + 1]))
            assert found, f"{name_of(document)}:{number + 1}: expected <!-- test: ... -->"
            comment, number = found[1], end
        elif opened is None and line.startswith("```"):
            opened = number
        elif line == "```":
            assert opened is not None
            language, text = lines[opened].strip("`"), "\n".join(lines[opened + 1 : number])
            yield Block(document, opened + 2, language, text, comment)
            opened, comment = None, ""
        elif opened is None and line:
            assert not comment, f"{name_of(document)}:{number + 1}: expected a block after the test's comment"
        number += 1
    assert opened is None, f"{name_of(document)}: expected the end of a block"


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block, in order, after those that its comment runs first."""
    shown = [_without_comment(line) for line in re.sub(r"\\\n\s*", "", block.text).splitlines()]
    shown = [line for line in shown if line]
    directives, needs = [], ""
    for line in block.comment.splitlines():
        found = _DIRECTIVE.match(line.strip())
        assert found, f"{block.place}: expected needs, first, add, instead, skip or as is, found {line!r}"
        if found[1] == "needs":
            needs = found[2]
        elif found[1] == "first":
            yield Command(block.place, found[2], found[2], needs=needs)
        else:
            directives.append((found[1], found[2]))
    if len(directives) < 2:
        directives = (directives or [("as is", "")]) * len(shown)
    assert len(directives) == len(shown), f"{block.place}: expected a directive for each of {len(shown)} commands"
    for line, (kind, text) in zip(shown, directives, strict=True):
        if kind == "instead":
            assert program(text) == program(line), f"{block.place}: expected a stand-in of the same program"
        run = {"as is": line, "add": f"{line} {text}", "instead": text, "skip": None}[kind]
        yield Command(block.place, line, run, text if kind == "skip" else "", needs)


def program(command: str) -> str:
    """The script, module or target of make that a command runs."""
    words = [word for word in command.split() if not re.match(r"^[A-Z_]+=", word)]
    if words[0].endswith("python"):
        return " ".join(words[1:3] if words[1] == "-m" else words[1:2])
    return " ".join(words[:2] if words[0] == "make" else words[:1])


def spans(document: Path) -> Iterator[str]:
    """Code between single backticks, outside blocks; a span may go over the end of a line."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", text):
        yield " ".join(found[1].split())


def links(document: Path) -> Iterator[str]:
    """Targets of links and pictures."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


def _without_comment(line: str) -> str:
    return re.sub(r"\s+# .*$", "", line).strip()
