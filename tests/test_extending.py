"""docs/extending.md, as it stands: its files and changes in a copy of the project, and its commands."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from places import ROOT

_ROOMS = (
    "wann",
    "envs",
    "configs",
    "storage",
    "workers",
    "evolution",
    "experiment",
    "baselines",
    "inspection",
    "encoding",
    "tests",
)
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    title: str
    text: str


def blocks() -> list[Block]:
    text = (ROOT / "docs" / "extending.md").read_text()
    return [Block(*found) for found in _BLOCK.findall(text)]


def changed(text: str, diff: str) -> str:
    """Every line of a diff that has no + must be there, in this order."""
    lines, place, waiting = text.splitlines(), 0, []
    for line in diff.splitlines():
        mark, body = (line[0], line[1:]) if line else (" ", "")
        if mark == "+":
            waiting.append(body)
            continue
        found = lines.index(body, place)
        # What is added after a line follows it at once; what a diff begins with stands before its first line.
        at = place if place else found
        lines[at:at] = waiting
        place = found + len(waiting) + 1
        waiting = []
        if mark == "-":
            place -= 1
            del lines[place]
    lines[place:place] = waiting
    return "\n".join(lines) + "\n"


def test_changes_go_where_they_belong():
    text = "a\nb\nc\nd\n"
    assert changed(text, " b\n+x\n") == "a\nb\nx\nc\nd\n"
    assert changed(text, "+x\n b\n d\n+y\n") == "a\nx\nb\nc\nd\ny\n"
    assert changed(text, "+x\n-b\n+y\n") == "a\nx\ny\nc\nd\n"
    assert changed(text, " a\n+x\n c\n+y\n") == "a\nx\nb\nc\ny\nd\n"
    with pytest.raises(ValueError, match="not in list"):
        changed(text, " e\n+x\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project with everything that the document adds."""
    copy = tmp_path_factory.mktemp("extended") / "project"
    copy.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "golden", "chaos")
    for room in _ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=ignored)
    for script in ("run_search.py", "compare_baselines.py", "wann_commands.py", "pyproject.toml"):
        shutil.copy(ROOT / script, copy / script)
    shutil.copytree(ROOT / "tests" / "chaos", copy / "tests" / "chaos", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs" / "champions", copy / "docs" / "champions")
    for block in blocks():
        path = copy / block.title
        if block.language == "diff":
            path.write_text(changed(path.read_text(), block.text))
        elif block.title:
            assert not path.exists(), f"{block.title} is there already"
            path.write_text(block.text)
    return copy


def test_the_examples_are_all_there():
    titles = [block.title for block in blocks() if block.title]
    assert [title for title in titles if titles.count(title) > 1] == []
    for registry in ("wann/activations.py", *(f"{room}/registry.py" for room in ("evolution", "envs", "baselines"))):
        assert registry in titles
    assert "evolution/mutation/registry.py" in titles


COMMANDS = [line for block in blocks() if block.language == "bash" for line in block.text.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(command, project):
    python, *words = shlex.split(command)
    assert python == "python"
    if "compare_baselines.py" in words:
        pytest.importorskip("torch")
        pytest.importorskip("sklearn")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=project, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "run_search.py" in words:
        champion = json.loads((project / "runs" / "sine" / "champion.json").read_text())
        assert champion["config"]["search"]["worst_weight"] == {"share": 0.3}
        assert champion["config"]["search"]["mutation"]["linearise"] == 0.2
        assert champion["task"]["name"] == "sine"
