"""One inspection of a champion, from what a person asks for to the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from envs.registry import TASKS, task_class, task_of_champion
from envs.task import Playable, Task
from inspection.drawing.diagram import draw_network
from inspection.drawing.picture_files import save_picture
from inspection.history import History, draw_history, load_history
from inspection.live import live_part
from inspection.provenance import champion_rows, report_rows, run_rows
from inspection.report.page import Report, first_weight, render_page
from inspection.video import SUFFIXES, check_path, record_video
from inspection.weight_curve import WeightCurve, draw_weight_curve, weight_curve
from storage.champion_path import find_champion_file
from storage.run_directory import CHAMPION
from wann.champion import Champion, load_champion, save_champion
from wann.errors import UserError, did_you_mean
from wann.files import write_whole
from wann.network import compile_genome

REPORT = "report.html"


@dataclass(frozen=True)
class Order:
    """What is asked for, as the command line has it."""

    path: str | None  # a run or a champion file
    out: str | None = None
    video: str | None = None
    export: tuple[str, ...] = ()
    published: str | None = None  # a file of the published format instead of ``path``
    task: str | None = None
    options: tuple[str, ...] = ()  # of the task, KEY=VALUE
    keep_weights: bool = False
    weight: float | None = None
    seed: int = 0
    episodes: int | None = None


def inspect(order: Order, console: Console) -> list[Path]:
    """Write the report and whatever else is asked for; the paths of all files.

    Raises:
        UserError: a wrong option, champion, run or directory.
    """
    _check(order)
    champion, file, run = _champion(order)
    task = task_of_champion(champion)
    _check_film(order, task)
    history = None if run is None else load_history(run)
    directory = _directory(order, run)
    if order.published is not None:
        save_champion(directory / CHAMPION, champion)
        file = directory / CHAMPION
    written = [file] if order.published is not None and file is not None else []
    weight = first_weight(champion, order.weight)
    with _progress(console) as progress:
        curve = _curve(champion, task, order, progress)
        live = _live(champion, task, order, weight, progress)
        bar = progress.add_task("pictures", total=1)
        network = compile_genome(champion.genome)
        diagram = draw_network(network, champion.input_names, champion.output_names, champion.individual_weights)
        provenance = {"Champion": champion_rows(champion, file)}
        if history is not None:
            provenance["Run"] = run_rows(history)
        provenance["This report"] = report_rows(order.seed, curve.episodes)
        page = render_page(Report(champion, diagram, weight, curve, provenance, history, live))
        written += _save(directory, page, diagram, curve, history)
        progress.update(bar, completed=1)
    if order.video is not None:
        written.append(record_video(champion, _film_path(order.video, directory), weight, order.seed).path)
    if order.export:
        from inspection.exports.registry import export_champion

        written += export_champion(champion, directory, order.export, order.weight)
    return written


def _check(order: Order) -> None:
    if (order.path is None) == (order.published is None):
        found = "both" if order.path is not None else "neither"
        raise UserError(f"expected RUN_OR_CHAMPION or --import FILE.csv, found {found}")
    if order.published is not None and order.task is None:
        raise UserError(f"--import: expected --task with it ({', '.join(TASKS)}), found none")
    if order.task is not None:
        task_class(order.task, key="--task")
    of_imports = {"--task": order.task is not None, "--option": order.options, "--keep-weights": order.keep_weights}
    for option, given in of_imports.items():
        if given and order.published is None:
            raise UserError(f"{option}: expected --import with it, found none")
    if order.weight is not None and not np.isfinite(order.weight):
        raise UserError(f"--weight: expected a finite number, found {order.weight}")
    if not 0 <= order.seed < 2**31:
        raise UserError(f"--seed: expected a whole number from 0 to {2**31 - 1}, found {order.seed}")
    if order.episodes is not None and not 1 <= order.episodes <= 100_000:
        raise UserError(f"--episodes: expected a whole number from 1 to 100000, found {order.episodes}")
    if order.export:
        from inspection.exports.registry import EXPORTS

        for name in order.export:
            if name not in EXPORTS:
                raise UserError(
                    f"--export: expected formats of {', '.join(EXPORTS)}, found {name!r}{did_you_mean(name, EXPORTS)}"
                )


def _champion(order: Order) -> tuple[Champion, Path | None, Path | None]:
    """The champion, its file, and the directory of its run, where there is one."""
    if order.published is not None:
        from inspection.published_csv import import_published

        assert order.task is not None
        champion = import_published(Path(order.published), order.task, order.keep_weights, _options(order.options))
        return champion, None, None
    assert order.path is not None
    file = find_champion_file(order.path)
    champion = load_champion(file)
    return champion, file, Path(order.path) if Path(order.path).is_dir() else None


def _options(given: tuple[str, ...]) -> dict[str, Any]:
    """Options of a task from KEY=VALUE, the values in YAML."""
    options = {}
    for text in given:
        key, equals, value = text.partition("=")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ""
        if not key or not equals:
            raise UserError(f"--option: expected KEY=VALUE, found {text!r}")
    return options


def _directory(order: Order, run: Path | None) -> Path:
    """Where files go; it is made."""
    if order.out is not None:
        directory = Path(order.out)
    elif run is not None:
        directory = run / "report"
    else:
        directory = Path(f"{Path(order.path or order.published or CHAMPION).stem}-report")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{directory}: expected a directory to write to, found: {error.strerror}") from None
    return directory


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _curve(champion: Champion, task: Task, order: Order, progress: Progress) -> WeightCurve:
    bar = progress.add_task("return against the shared weight", total=None)
    return weight_curve(
        champion,
        task,
        order.seed,
        order.episodes,
        lambda done, total: progress.update(bar, completed=done, total=total),
    )


def _live(champion: Champion, task: Task, order: Order, weight: float | None, progress: Progress):
    bar = progress.add_task("what moves in the page", total=1)
    part = live_part(champion, task, order.seed, weight)
    progress.update(bar, completed=1)
    return part


def _save(directory: Path, page: str, diagram: str, curve: WeightCurve, history: History | None) -> list[Path]:
    pictures = {"network": diagram, "weights": draw_weight_curve(curve)}
    if history is not None:
        pictures["evolution"] = draw_history(history, "generations")
    report = directory / REPORT
    try:
        write_whole(report, page.encode())
    except OSError as error:
        raise UserError(f"{report}: expected a path that can be written, found: {error.strerror}") from None
    return [report, *(path for name, svg in pictures.items() for path in save_picture(directory, name, svg))]


def _check_film(order: Order, task: Task) -> None:
    if order.video is None:
        return
    if not isinstance(task, Playable):
        raise UserError(f"--video: expected a champion of a task that can be shown, found {task.name!r}")
    path = Path(order.video)
    # The report's directory may still have to be made.
    if not _is_suffix(order.video) and (order.out is None or path.parent != Path(order.out)):
        check_path(path)


def _film_path(video: str, directory: Path) -> Path:
    return directory / f"champion.{video.lower()}" if _is_suffix(video) else Path(video)


def _is_suffix(video: str) -> bool:
    return f".{video.lower()}" in SUFFIXES
