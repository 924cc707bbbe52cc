"""The rooms of the project: imports go down only, and files keep to a readable size.

Floors, from the ground: a room imports those below it, and of its own floor only what `SIDEWAYS` lists.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest

from places import ROOT

FLOORS = (
    {"wann"},
    {"envs", "configs", "storage"},
    {"evolution", "workers"},
    {"experiment"},
    {"baselines", "inspection", "encoding"},
)
SIDEWAYS = {("storage", "configs"), ("run_search", "wann_commands")}  # runs keep configs; packages are found first
# Rooms above all, which none of these imports.
ABOVE = {"benchmarks", "tests", "examples"}
ROOMS = sorted(set().union(*FLOORS))
COMMANDS = sorted(path.stem for path in ROOT.glob("*.py"))
FORBIDDEN = {
    "wann": {"ray", "gymnasium", "pygame", "matplotlib", "fsspec"},
    "envs": {"ray", "torch"},
    "configs": {"ray", "gymnasium", "torch"},
    "storage": {"ray", "gymnasium", "torch"},
    "evolution": {"ray", "gymnasium", "torch"},
}
LONGEST_CLASS, LONGEST_FUNCTION = 250, 70  # lines

# Names of a role that several rooms have, with the role.
ROLES = {
    "batch": "programs that run together, in NumPy and in torch",
    "device": "the accelerator, of torch and of workers",
    "environment": "Gymnasium's, of a task",
    "episodes": "of a task, in lanes or as sequences",
    "evaluation": "whole episodes of a task in lanes",
    "evaluator": "the protocol, and its form on Ray",
    "figure": "the picture of a table of results",
    "files": "whole files, and the errors of those of a run",
    "gradients": "of losses, in NumPy and in torch",
    "kernels": "compiled functions",
    "order": "all that a command line asks for",
    "physics": "of a task",
    "picture": "of an environment",
    "registry": "names that users choose from",
    "rows": "of a table, and of the state of lanes",
    "run": "the one call that does all of a room",
    "scene": "bodies and joints, and those of a task",
    "scoring": "outputs against right answers",
    "search": "ask and tell, of a population and by gradients",
    "statistics": "figures of a room's subject",
    "task": "the contract, and the one of each room",
}

# Known offenders, with the reason; each entry is to be removed, and one that is no longer needed fails.
KNOWN_ARROWS: dict[tuple[str, str], str] = {}
KNOWN_CIRCLES: dict[frozenset[str], str] = {}
KNOWN_NAMES: dict[str, str] = {}
KNOWN_LENGTHS: dict[str, str] = {}


@cache
def modules() -> dict[str, ast.Module]:
    """Dotted name to syntax tree, of all rooms and commands."""
    paths = [*(path for room in ROOMS for path in (ROOT / room).rglob("*.py")), *ROOT.glob("*.py")]
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module, everywhere: bool) -> Iterator[str]:
    """Dotted names that a module imports when it is run, or also those that its functions import."""
    for node in _statements(tree.body, everywhere):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(body: list[ast.stmt], everywhere: bool) -> Iterator[ast.AST]:
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _statements(node.orelse, everywhere)
            continue
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not everywhere:
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, []), everywhere)
        for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            yield from _statements(handler.body, everywhere)


def room_of(module: str) -> str:
    return module.partition(".")[0]


def floor_of(room: str) -> int:
    return next((level for level, rooms in enumerate(FLOORS) if room in rooms), len(FLOORS))


def arrows() -> Iterator[tuple[str, str]]:
    """Importing module, and the room (other than its own) of what it imports."""
    for module, tree in modules().items():
        for name in imports(tree, everywhere=True):
            if room_of(name) != room_of(module):
                yield module, room_of(name)


def may_import(room: str, other: str) -> bool:
    if other in ABOVE:
        return False
    if other not in ROOMS and other not in COMMANDS:
        return True  # a library
    return floor_of(other) < floor_of(room) or (room, other) in SIDEWAYS


def test_imports_go_down_only():
    found = {(module, room) for module, room in arrows() if not may_import(room_of(module), room)}
    assert sorted(found - KNOWN_ARROWS.keys()) == []
    assert sorted(KNOWN_ARROWS.keys() - found) == [], "no longer needed"


def test_libraries_stay_out_of_rooms_that_do_without():
    assert [(module, name) for module, name in arrows() if name in FORBIDDEN.get(room_of(module), ())] == []


def test_no_circle_at_import_time():
    graph = nx.DiGraph()
    for module, tree in modules().items():
        for name in imports(tree, everywhere=False):
            if name in modules() and name != module:
                graph.add_edge(module, name)
    found = {frozenset(group) for group in nx.strongly_connected_components(graph) if len(group) > 1}
    assert [sorted(group) for group in found - KNOWN_CIRCLES.keys()] == []
    assert [sorted(group) for group in KNOWN_CIRCLES.keys() - found] == [], "no longer needed"


def test_no_circle_between_rooms():
    graph = nx.DiGraph(
        (room_of(module), room) for module, room in arrows() if room in ROOMS and (module, room) not in KNOWN_ARROWS
    )
    assert list(nx.simple_cycles(graph)) == []


def test_a_file_name_means_one_thing():
    rooms: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        parts = module.split(".")
        is_package = (ROOT / Path(*parts)).is_dir()
        if len(parts) > 1 and not is_package:
            rooms[parts[-1]].add(".".join(parts[:-1]))
    shared = {name for name, where in rooms.items() if len(where) > 1} - ROLES.keys()
    assert {name: sorted(rooms[name]) for name in shared - KNOWN_NAMES.keys()} == {}
    assert sorted(KNOWN_NAMES.keys() - shared) == [], "no longer needed"


@pytest.mark.parametrize("package", sorted(_name(p) for r in ROOMS for p in (ROOT / r).rglob("__init__.py")))
def test_each_room_names_its_public_face(package):
    tree = modules()[package]
    assert ast.get_docstring(tree), "a docstring says what lives there, and what it may import"
    module = import_module(package)
    public = getattr(module, "__all__", [])
    directory = ROOT / package.replace(".", "/")
    submodules = {path.stem for path in directory.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(set(public) & submodules) == [], "a name of the face hides a module"
    for name in public:
        assert getattr(module, name, None) is not None, f"{package}.{name} is not there"


def lengths() -> Iterator[tuple[str, int, int]]:
    """Dotted name, lines and allowed lines, of each class and function."""
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                most = LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION
                assert node.end_lineno is not None
                yield f"{module}.{node.name}", node.end_lineno - node.lineno + 1, most


def test_classes_and_functions_fit():
    found = {name: lines for name, lines, most in lengths() if lines > most}
    assert {name: lines for name, lines in found.items() if name not in KNOWN_LENGTHS} == {}
    assert sorted(KNOWN_LENGTHS.keys() - found.keys()) == [], "no longer needed"


def test_floors_are_disjoint():
    assert all(not lower & upper for lower, upper in pairwise(FLOORS))
    on_disk = {path.parent.name for path in ROOT.glob("*/__init__.py")} - ABOVE
    assert on_disk == set(ROOMS), "a new room has a floor"
