"""Names that a library does not promise are used in one file each, with an upper bound of its version."""

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from places import ROOT

ROOMS = (
    "wann",
    "envs",
    "configs",
    "storage",
    "evolution",
    "workers",
    "experiment",
    "baselines",
    "inspection",
    "encoding",
)
WORDS = {
    "ray": (
        r"ray\._private|ray\.util\.client|ray\._raylet|_system_config|_temp_dir=|JSON_ENV_VAR",
        "workers/ray/private.py",
    ),
    "numba": (r"numba\.core|_nrt=", "wann/kernels/numba_internals.py"),
}


@pytest.mark.parametrize("library", WORDS)
def test_one_file_uses_private_names(library: str) -> None:
    pattern, file = WORDS[library]
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert found == {file}


@pytest.mark.parametrize("library", WORDS)
def test_the_upper_bound_is_the_next_version_after_the_tested_one(library: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    bounds = [wanted.specifier for wanted in map(Requirement, texts) if wanted.name == library]
    major, minor = map(int, version(library).split(".")[:2])
    assert bounds
    for bound in bounds:
        assert bound.contains(version(library)) and not bound.contains(f"{major}.{minor + 1}.0")
    assert f"Tested with {library} {major}.{minor}" in (ROOT / WORDS[library][1]).read_text().replace("Ray", "ray")
