"""The installed commands, and projects of a user's own whose packages have the names of ours."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from searching import ROOT, write_config

SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with packages of its own."""
    for name in ("configs", "envs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    write_config(tmp_path / "small.yaml", generations=1)
    return tmp_path


def python(project: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project, as a console script would be run."""
    environment = {**os.environ, "PYTHONPATH": str(project), **variables}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def installed(command: str, before: str = "") -> str:
    module, function = SCRIPTS[command].split(":")
    return f"import sys; sys.path.append({str(ROOT)!r}); {before}import {module}; sys.exit({module}.{function}())"


@pytest.mark.parametrize("command", SCRIPTS)
def test_every_command_is_a_function(command):
    module, function = SCRIPTS[command].split(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("command", SCRIPTS)
def test_every_command_finds_its_own_packages(command, project):
    done = python(project, "-c", installed(command), "--help")
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_a_search_runs_in_a_project_with_such_packages(project):
    done = python(project, "-c", installed("wann-search"), "small.yaml", "--run-dir", "run")
    assert done.returncode == 0, done.stderr
    assert (project / "run" / "champion.json").is_file()


@pytest.mark.parametrize(
    "start", [[str(ROOT / "run_search.py")], pytest.param(["-m", "run_search"], marks=pytest.mark.slow)]
)
def test_the_script_runs_there_too(start, project):
    done = python(project, *start, "small.yaml", "--run-dir", "run", PYTHONPATH=f"{project}{os.pathsep}{ROOT}")
    assert done.returncode == 0, done.stderr


def test_a_package_that_was_imported_before_is_named_with_ours(project):
    done = python(project, "-c", installed("wann-search", before="import configs; "), "small.yaml")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"expected the package 'configs' in {ROOT}, found another of this name in {project}" in done.stderr


def test_from_python_the_clash_is_said_in_a_sentence(project):
    done = python(project, "-c", f"import sys; sys.path.append({str(ROOT)!r}); import experiment")
    assert f"expected the package 'configs' in {ROOT}, found another of this name in {project}" in done.stderr
