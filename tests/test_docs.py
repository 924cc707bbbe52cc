"""Every command of README.md and docs/ is run as it stands there, or by the stand-in beside it (`markdown`)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from configs import load_config
from datafiles import FOLDERS, lack_of
from lacking import lacks
from markdown import Command, blocks, commands, links, name_of, program, spans
from places import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "results").glob("*.md")),
]
# Its blocks are files and changes to files; tests/test_extending.py applies them and runs its commands.
APPLIED = ROOT / "docs" / "extending.md"
RUN = [document for document in DOCUMENTS if document != APPLIED]
LANGUAGES = {"sh", "yaml", "python", "text", "json"}
PROGRAMS = re.compile(
    r"^(\.venv/bin/python|python -m|make|run_search\.py|inspect_champion\.py|compare_baselines\.py|train_vae\.py|"
    r"wann-[a-z]+|ray|docker|kubectl|tensorboard|pip install) "
)

# Nothing is run for these: all that no machine with this project alone can do, and what another test runs.
SKIPPED = {
    "needs machines with ssh": 4,
    "needs a tracking server": 1,
    "needs mlflow-skinny, which is not installed with this project": 1,
    "needs wandb, which is not installed with this project": 1,
    "takes ten minutes; tests/test_chaos.py runs its small size": 1,
    "is what tests/test_chaos.py runs": 1,
    "takes two hours": 1,
    "is run in results/racer.md, into another directory": 2,
    "is run above, with one seed": 1,
    "is the command before it with more frames and epochs": 1,
}

# Searches, comparisons and trainings with as little to do as they can have: stand-ins name them. That a search
# ends with its page is tested in tests/test_run_search.py.
_CHAMPION = "--set champion.first_episodes=1 --set champion.candidates=2 --set champion.selection_episodes=2"
_INLINE = "--set workers.evaluator=inline"
_SMALL = "--set search.population=8 --set search.tournament_size=2 --set logging.report=false"
_FEW = f"{_CHAMPION} --set champion.report_episodes=2 {_SMALL} {_INLINE}"
# Few weights: the best one is looked for among them, in whole episodes.
_WEIGHTS = '--set evaluation={"weights":null,"sampled_weights":{"low":0.9,"high":0.95,"count":2}}'
_LEAST = "--set champion.candidates=1 --set champion.selection_episodes=1 --set search.safe_mutation=null"
# Racers drive whole tracks to be confirmed, four seconds each.
_ONE = "--set search.population=4 --set champion.report_episodes=1 --set champion.side_episodes=1"
_ONE_WEIGHT = _WEIGHTS.replace('"count":2', '"count":1')
_STAGES = '--set stages=[{"name":"discover","generations":1,"survivors":4},{"name":"settle","generations":1}]'
LITTLE = {
    "SMALL": f"{_FEW} --set stages=[] --set generations=2",
    "WALKER": f"{_FEW} {_WEIGHTS} {_STAGES} --set task.stall_steps=5",
    "RACER": f"{_FEW} {_ONE_WEIGHT} {_STAGES} {_LEAST} {_ONE} --set task.stall_steps=5",
    "GRADIENT": f"--set generations=2 --set search.gradient_informed.children=2 --set task.batch=200 {_INLINE}",
    "COMPARE": "--steps 2000 --episodes 2",
    "ENCODER": "--frames 1000 --held-out 200 --epochs 1",
    "PARTS": "--seeds 1 --steps 0.001 --episodes 2",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files in a directory whose path has a space and an accent, with this interpreter's packages."""
    root = tmp_path_factory.mktemp("a copy à part") / "project"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    (root / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (root / ".venv" / part.name).symlink_to(part)
    (root / ".venv" / "ready").unlink(missing_ok=True)
    (root / ".venv" / "ready").touch()  # `make` has nothing to set up
    return root


@pytest.fixture
def shell(copy: Path):
    """Runs a command in the copy, and fails with what it printed."""

    def run(command: str, place: str) -> None:
        path = f"{copy / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, **LITTLE, "PATH": path, "COLUMNS": "120"}
        found = subprocess.run(
            ["bash", "-c", command], cwd=copy, env=environment, capture_output=True, text=True, timeout=840, check=False
        )
        assert found.returncode == 0, f"{place}: {command}\n{found.stdout[-3000:]}\n{found.stderr[-3000:]}"

    return run


def marked(document: Path) -> object:
    return pytest.param(document, id=name_of(document), marks=[pytest.mark.slow, pytest.mark.timeout(900)])


@pytest.mark.parametrize("document", [marked(path) for path in RUN])
def test_every_command_runs_as_it_stands(document: Path, shell, copy: Path) -> None:
    """In order, so that a command finds what those before it left in this document, and nothing of another's."""
    for path in copy.iterdir():
        if not (ROOT / path.name).exists() or path.name == "runs":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    left_out: dict[str, str] = {}
    for command in commands_of(document):
        if command.needs and (reason := lack_of(command.needs)):
            left_out[command.place] = reason
        elif command.run is not None:
            shell(command.run, command.place)
    if left_out:
        pytest.skip("all else was run; " + ", ".join(f"{place} ({reason})" for place, reason in left_out.items()))


def commands_of(document: Path) -> Iterator[Command]:
    for block in blocks(document):
        if block.language == "sh":
            yield from commands(block)


@pytest.mark.parametrize("document", RUN, ids=name_of)
def test_commands_that_read_a_published_dataset_say_so(document: Path) -> None:
    """By their configs: where the dataset is missing, they are left out, and the test says it."""
    for command in commands_of(document):
        for name in re.findall(r"\bconfigs/\w+\.yaml\b", command.run or ""):
            dataset = yaml.safe_load((ROOT / name).read_text())["task"].get("dataset")
            assert command.needs == (dataset if dataset in FOLDERS else ""), f"{command.place}: {command.run}"


def test_what_is_skipped_is_on_the_list() -> None:
    found: dict[str, int] = {}
    for command in (command for document in RUN for command in commands_of(document)):
        if command.run is None:
            found[command.reason] = found.get(command.reason, 0) + 1
    assert found == SKIPPED


@pytest.mark.parametrize("document", RUN, ids=name_of)
def test_every_block_says_what_it_is(document: Path) -> None:
    for block in blocks(document):
        assert block.language in LANGUAGES, f"{block.place}: expected one of {sorted(LANGUAGES)}"
        assert block.language in ("sh", "python") or not PROGRAMS.match(block.text), f"{block.place}: a command"
        assert not block.comment or block.language in ("sh", "python"), f"{block.place}: a comment on no command"


@pytest.mark.parametrize("document", RUN, ids=name_of)
def test_every_config_loads(document: Path, tmp_path: Path) -> None:
    """Parts of configs are laid over a config of the pole."""
    for block in blocks(document):
        if block.language != "yaml":
            continue
        values = {"task": {"name": "cartpole_swingup"}, **yaml.safe_load(block.text)}
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(values))
        load_config(path)


def python_blocks() -> list[object]:
    found = [block for document in RUN for block in blocks(document) if block.language == "python"]
    return [pytest.param(block, id=block.place) for block in found]


@pytest.mark.slow
@pytest.mark.parametrize("block", python_blocks())
def test_every_piece_of_python_runs(block, shell, copy: Path) -> None:
    (copy / "piece.py").write_text(block.text + "\n")
    shell(".venv/bin/python piece.py", block.place)


# --- what is named without being run ---


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in links(document):
        if re.match(r"^[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{name_of(document)}: {link}"
        if heading:
            assert heading in {slug(line) for line in headings(target)}, f"{name_of(document)}: {link}"


def headings(document: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)


def slug(heading: str) -> str:
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()))


# Files by their names in the project, not those of a run or of the user.
_PATH = re.compile(
    r"^(?:baselines|benchmarks|configs|deploy|docs|encoding|envs|evolution|examples|experiment|inspection|storage|tests|"
    r"wann|workers)/[\w./*-]+$|^[\w]+\.py$"
)
USERS_OWN = {"mymodule.py"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_that_is_named_exists(document: Path) -> None:
    for span in spans(document):
        if _PATH.match(span) and span not in USERS_OWN:
            assert list(ROOT.glob(span)), f"{name_of(document)}: `{span}`"


@pytest.fixture(scope="module")
def makefile() -> str:
    return (ROOT / "Makefile").read_text()


def mentioned() -> Iterator[tuple[str, str]]:
    """Commands of the project in the text, those that are skipped included, and where."""
    for document in DOCUMENTS:
        for span in spans(document):
            if PROGRAMS.match(span):
                yield name_of(document), span
        for command in commands_of(document):
            yield command.place, command.shown


def test_every_program_and_option_that_is_named_exists(makefile: str) -> None:
    """Without being run: targets of make, scripts, modules, and the options in their sources."""
    for place, command in mentioned():
        what = program(command)
        if what.startswith("make "):
            assert re.search(rf"^{what.split()[1]}:", makefile, re.MULTILINE), f"{place}: `{command}`"
            continue
        source = source_of(what)
        if source is None:
            continue
        assert source.exists(), f"{place}: `{command}`"
        text = source.read_text()
        for option in re.findall(r"(?<= )--[a-z-]+", command.split(" -- ")[0]):
            assert f'"{option}"' in text, f"{place}: `{command}`: {option}"


def source_of(what: str) -> Path | None:
    """The file that defines a program's options; None of a program that is not the project's."""
    if what.startswith("-m "):
        path = ROOT / what.removeprefix("-m ").replace(".", "/")
        return path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    return ROOT / what if what.endswith(".py") else None


def test_tensorboard_is_said_to_be_a_package_of_its_own() -> None:
    """Only the writer of its events is installed; who names the command says so."""
    assert not re.search(r"^tensorboard==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    for document in DOCUMENTS:
        if any(span.startswith("tensorboard ") for span in spans(document)):
            text = " ".join(document.read_text().split())
            assert re.search(r"not install", text), name_of(document)
            assert "TensorBoard" in text


@pytest.mark.parametrize(("index", "pages"), [("README.md", "*.md"), ("results.md", "results/*.md")])
def test_an_index_names_every_page(index: str, pages: str) -> None:
    docs = ROOT / "docs"
    found = {path.relative_to(docs).as_posix() for path in docs.glob(pages)} - {index}
    assert found <= set(links(docs / index))


@pytest.mark.slow
def test_the_site_is_built_without_a_broken_link(copy: Path, shell) -> None:
    try:
        import mkdocs  # noqa: F401 - whether it is there
    except ImportError:
        lacks("mkdocs: pip install 'weight-agnostic-search[docs]'")
    shell("make docs", "make docs")
    assert (copy / "site" / "index.html").exists()
    for page in (copy / "site").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"?https?://[^\"> ]*", page.read_text())
        assert not loaded, f"{page.name} loads from another host: {loaded}"
