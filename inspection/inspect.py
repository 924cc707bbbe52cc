"""One inspection of a champion, from its options to the files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from envs.playing import CannotDraw, drawable_environment
from envs.registry import TaskNotMade, task_of_champion
from envs.task import LoadsData, Playable, Task
from inspection.drawing.diagram import draw_network
from inspection.drawing.picture_files import save_picture
from inspection.history import History, draw_history, load_history
from inspection.inspection_options import InspectionOptions
from inspection.live import LivePart, live_part
from inspection.measure import measure_of
from inspection.provenance import champion_rows, report_rows, run_rows
from inspection.report.page import Report, render_page
from inspection.video import check_path, record_video, without_display
from inspection.weight_curve import WeightCurve, draw_weight_curve, measure_weight_curve, reported_task
from inspection.weights import best_weight, weight_text
from storage.champion_path import find_champion_file
from storage.run_directory import CHAMPION
from wann.champion import Champion, load_champion, save_champion
from wann.errors import UserError
from wann.files import write_whole
from wann.network import compile_genome

REPORT = "report.html"


@dataclass
class Outcome:
    """The files written so far, and sentences that their reader should know."""

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Subject:
    """The champion to inspect."""

    champion: Champion
    task: Task | TaskNotMade  # or the reason why it cannot be made on this machine
    file: Path | None  # None for an import
    run: Path | None  # the directory of its run, where there is one
    weight: float | None  # shared by all connections; None for the champion's individual weights


def inspect(options: InspectionOptions, console: Console, outcome: Outcome | None = None) -> Outcome:
    """Write the report and the other requested files.

    Args:
        options: of the inspection.
        console: shows bars if it is a terminal.
        outcome: every file is added as soon as it is written, so that it is known even if a later step fails.

    Raises:
        UserError: an option, champion, run or directory is wrong.
    """
    outcome = Outcome() if outcome is None else outcome
    options.check()
    subject = _subject(options)
    _check_film(options, subject.task)
    history = None if subject.run is None else load_history(subject.run)
    directory = _directory(options, subject.run)
    if subject.file is None:
        save_champion(directory / CHAMPION, subject.champion)
        outcome.files.append(directory / CHAMPION)
        subject = Subject(subject.champion, subject.task, directory / CHAMPION, None, subject.weight)
    _say_weight(options, subject, outcome)
    _write_report(subject, options, directory, history, console, outcome)
    if options.export:
        from inspection.exports.registry import export_champion

        outcome.files += export_champion(subject.champion, directory, options.export, subject.weight)
    if options.video is not None:
        path = options.film or directory / f"champion{options.film_suffix}"
        outcome.files.append(record_video(subject.champion, path, subject.weight, options.seed).path)
    return outcome


def _subject(options: InspectionOptions) -> Subject:
    if options.published is not None:
        from inspection.published_csv import import_published

        assert options.task is not None
        champion = import_published(Path(options.published), options.task, options.keep_weights, options.task_options())
        file = run = None
    else:
        assert options.path is not None
        file = find_champion_file(options.path)
        champion = load_champion(file)
        run = Path(options.path) if Path(options.path).is_dir() else None
    weight = best_weight(champion) if options.weight is None else options.weight
    task: Task | TaskNotMade
    try:
        task = task_of_champion(champion)
    except TaskNotMade as error:
        task = error
    return Subject(champion, task, file, run, weight)


def _check_film(options: InspectionOptions, task: Task | TaskNotMade) -> None:
    """Refuse a film that cannot be made, before anything is written."""
    if options.video is None:
        return
    if isinstance(task, TaskNotMade):
        raise task
    if not isinstance(task, Playable):
        raise UserError(key="--video", expected="a champion of a task that can be shown", found=repr(task.name))
    path = options.film
    # The report's directory may still have to be made.
    if path is not None and (options.out is None or path.parent != Path(options.out)):
        check_path(path)
    try:
        with without_display():
            drawable_environment(task.reported).close()
    except CannotDraw as error:
        raise UserError(
            key="--video",
            expected="an environment that draws pictures",
            found=f"one of {task.name!r} that does not: {error.reason}",
        ) from error


def _directory(options: InspectionOptions, run: Path | None) -> Path:
    """The directory of the files; it is made."""
    if options.out is not None:
        directory = Path(options.out)
    elif run is not None:
        directory = run / "report"
    else:
        directory = Path(f"{Path(options.path or options.published or CHAMPION).stem}-report")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(place=directory, expected="a directory to write to", found=f"{error.strerror}") from None
    return directory


def _say_weight(options: InspectionOptions, subject: Subject, outcome: Outcome) -> None:
    """Tell the weight of exports and films, if the user did not choose it."""
    used = [name for name, asked in (("exports", options.export), ("film", options.video)) if asked]
    if used and options.weight is None and subject.weight is not None:
        weight = weight_text(subject.weight, digits=6).rstrip("0").rstrip(".") if subject.weight else weight_text(0.0)
        outcome.notes.append(
            f"Shared weight of the {' and the '.join(used)}: {weight}, the best of the champion file "
            "(--weight takes another)"
        )


# --- the report ---


def _write_report(
    subject: Subject,
    options: InspectionOptions,
    directory: Path,
    history: History | None,
    console: Console,
    outcome: Outcome,
) -> None:
    champion = subject.champion
    with _progress(console) as progress:
        curve, live, left_out = _played(subject, options, progress)
        bar = progress.add_task("pictures", total=1)
        network = compile_genome(champion.genome)
        diagram = draw_network(network, champion.input_names, champion.output_names, champion.individual_weights)
        provenance = {"Champion": champion_rows(champion, subject.file)}
        if history is not None:
            provenance["Run"] = run_rows(history)
        provenance["This report"] = report_rows(options.seed, None if curve is None else curve.episodes)
        page = render_page(Report(champion, diagram, subject.weight, curve, provenance, history, live, left_out))
        _save(directory, page, diagram, curve, history, outcome.files)
        progress.update(bar, completed=1)
    for reason in dict.fromkeys(left_out.values()):
        parts = " and ".join(_PARTS[part] for part, why in left_out.items() if why == reason)
        outcome.notes.append(f"Left out of the report: {parts}: {reason}")


def _played(
    subject: Subject, options: InspectionOptions, progress: Progress
) -> tuple[WeightCurve | None, LivePart | None, dict[str, str]]:
    """The parts that need the task, and the reasons for those that are left out."""
    task, curve, live, left_out = subject.task, None, None, {}
    if isinstance(task, TaskNotMade):
        # Images of the user's own have no pad, so nothing is missing there.
        parts = ["weights"] if measure_of(subject.champion).is_accuracy else ["weights", "live"]
        return None, None, dict.fromkeys(parts, task.sentence)
    try:
        curve = _curve(subject.champion, task, options, progress)
    except DataMissing as error:
        left_out["weights"] = error.reason
    try:
        live = _live(subject, task, options, progress)
    except CannotDraw as error:
        left_out["live"] = error.reason
    return curve, live, left_out


_PARTS = {"weights": "the curve over shared weights", "live": "recorded episodes"}


class DataMissing(Exception):  # noqa: N818 - the report is made without them
    """The data of a task are not available here.

    Attributes:
        reason: one sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _curve(champion: Champion, task: Task, options: InspectionOptions, progress: Progress) -> WeightCurve:
    """Measure the curve. Raises `DataMissing` if the images are not available."""
    reported = reported_task(task)
    if isinstance(reported, LoadsData):
        try:
            reported.load()
        except UserError as error:
            raise DataMissing(error.sentence) from error
    bar = progress.add_task("return against the shared weight", total=None)
    return measure_weight_curve(
        champion,
        task,
        options.seed,
        options.episodes,
        lambda done, total: progress.update(bar, completed=done, total=total),
    )


def _live(subject: Subject, task: Task, options: InspectionOptions, progress: Progress) -> LivePart | None:
    bar = progress.add_task("recorded episodes", total=1)
    part = live_part(subject.champion, task, options.seed, subject.weight)
    progress.update(bar, completed=1)
    return part


def _save(
    directory: Path, page: str, diagram: str, curve: WeightCurve | None, history: History | None, files: list[Path]
) -> None:
    """Write the page and its pictures, and add each to ``files``."""
    report = directory / REPORT
    try:
        write_whole(report, page.encode())
    except OSError as error:
        raise UserError(place=report, expected="a path that can be written", found=f"{error.strerror}") from None
    files.append(report)
    pictures = {"network": diagram}
    if curve is not None:
        pictures["weights"] = draw_weight_curve(curve)
    if history is not None:
        pictures["evolution"] = draw_history(history, "generations")
    for name, svg in pictures.items():
        files += save_picture(directory, name, svg)
