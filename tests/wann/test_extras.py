"""The table of optional packages: what it advises is what pyproject.toml installs."""

from __future__ import annotations

import re
import tomllib

import pytest

from places import ROOT
from wann.errors import UserError
from wann.extras import EXTRAS, PROJECT, check_installed, install

# Distributions whose name is not that of the package they install.
DISTRIBUTIONS = {
    "Box2D": "gymnasium[box2d]",
    "PIL": "pillow",
    "imageio_ffmpeg": "imageio-ffmpeg",
    "mlflow": "mlflow-skinny",
    "resvg_py": "resvg-py",
    "sklearn": "scikit-learn",
}
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(extra: str) -> set[str]:
    return {re.split("[<>=; ]", line, maxsplit=1)[0] for line in DECLARED["optional-dependencies"][extra]}


@pytest.mark.parametrize("package", EXTRAS)
def test_every_extra_that_is_advised_has_the_package(package):
    for extra in EXTRAS[package]:
        assert DISTRIBUTIONS.get(package, package) in requirements(extra)


def test_every_optional_package_is_in_the_table():
    known = {DISTRIBUTIONS.get(package, package) for package in EXTRAS}
    optional = set().union(
        *(requirements(extra) for extra in DECLARED["optional-dependencies"] if extra not in ("dev", "docs"))
    )
    assert {name for name in optional - known if not name.startswith("ray[")} == set()
    assert DECLARED["name"] == PROJECT


def test_the_extra_that_suits_is_advised_where_it_has_the_package():
    assert install("matplotlib", "compare") == f'pip install "{PROJECT}[compare]"'
    assert install("scipy", "torch") == f'pip install "{PROJECT}[compare]"'
    assert install("torch", "compare") == f'pip install "{PROJECT}[torch]"'
    assert install("wandb") == "pip install wandb"


def test_a_missing_package_is_one_sentence():
    check_installed("numpy", "numbers")
    with pytest.raises(UserError) as caught:
        check_installed("no_such_package", "a package that does it", key="--it")
    expected = "--it: expected a package that does it, found no package 'no_such_package'; pip install no_such_package"
    assert str(caught.value) == expected


def test_the_project_is_named_in_one_place():
    """All advice about extras comes from `wann.extras`."""
    rooms = ("wann", "envs", "configs", "storage", "evolution", "workers", "experiment")
    rooms += ("baselines", "inspection", "encoding")
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            assert f"{PROJECT}[" not in path.read_text() or path.name == "extras.py", path
