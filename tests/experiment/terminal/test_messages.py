"""The sentences that a command ends with, composed from the fields of errors."""

import shlex
import sys
from pathlib import Path

import pytest

from configs import Config
from experiment.terminal.command_line import FAILED, INTERRUPTED, MISTAKE, exit_status
from experiment.terminal.messages import resume_command, sentence_of
from experiment.whole_run import whole
from storage.checkpoint import CHECKPOINT
from storage.files import RunError, WriteError
from storage.run_directory import RunDirectory
from wann.errors import UserError
from workers.blame import TaskError


@pytest.fixture
def run(tmp_path: Path):
    with RunDirectory.create(tmp_path / "a run", Config()) as run:
        yield run


def begin(run: RunDirectory) -> Path:
    """A replicate that has a checkpoint."""
    child = run.path / "replicate-000"
    child.mkdir()
    (child / CHECKPOINT).touch()
    return child


def failure_of(run: RunDirectory, error: Exception) -> RunError | UserError:
    with pytest.raises((RunError, UserError)) as caught, whole(run):
        raise error
    return caught.value


def test_a_command_line_can_be_typed_as_it_stands(run):
    words = shlex.split(resume_command(run.address))
    assert words[-2:] == ["--resume", str(run.path)]
    assert Path(words[0]).absolute() == Path(sys.executable).absolute()
    assert words[1].endswith("run_search.py")


def test_a_failure_in_a_replicate_names_the_whole_run(run):
    child = begin(run)
    full = WriteError(child / "x", "No space left", failure="disk full", is_full=True, run=child, generation=3)
    error = failure_of(run, full)
    assert (error.run, error.resume, error.generation) == (run.path, str(run.path), 3)
    assert sentence_of(error) == f"{error}; go on with: {resume_command(str(run.path))}"


def test_what_was_never_begun_is_started_again(run):
    error = failure_of(run, WriteError(run.path / "x", "No space left", failure="disk full", run=run.path))
    assert error.resume is None
    assert sentence_of(error) == f"{error}; start the run anew"
    assert sentence_of(error.at(remedy="free space")).endswith("; free space; then start again")


def test_a_failing_task_can_go_on(run):
    begin(run)
    error = failure_of(run, TaskError("swing", 3, 1.0, 7, "it exploded"))
    assert isinstance(error, RunError)
    assert str(error) == "task 'swing' failed on genome 3 at weight 1, seed 7: it exploded; what was finished is intact"
    assert "go on with: " in sentence_of(error)


def test_a_failure_that_comes_again_has_no_command(run):
    begin(run)
    error = failure_of(run, RunError(None, "expected a champion, found none"))
    assert sentence_of(error) == "expected a champion, found none"


def test_a_mistake_names_the_run_only_if_it_can_go_on(run):
    assert failure_of(run, UserError(key="seed", expected="1", found="2")).resume is None
    error = failure_of(run, UserError(expected="1", found="2", resume="elsewhere"))
    assert sentence_of(error).endswith(f"go on with: {resume_command(run.address)}")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UserError(key="seed", expected="1", found="2"), MISTAKE, "it: seed: expected 1, found 2\n"),
        (RunError(None, "no luck"), FAILED, "it: no luck\n"),
        (KeyboardInterrupt(), INTERRUPTED, "it: interrupted\n"),
    ],
)
def test_errors_are_statuses_and_one_line(error, status, said, capsys):
    def action() -> int:
        raise error

    assert exit_status("it", action) == status
    assert capsys.readouterr().err == said


def test_a_part_of_a_run_leaves_commands_to_its_parent(capsys):
    def action() -> int:
        raise UserError(expected="1", found="2", resume="here")

    assert exit_status("it", action, is_part=True) == MISTAKE
    assert capsys.readouterr().err == "expected 1, found 2\n"
