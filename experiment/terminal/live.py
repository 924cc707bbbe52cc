"""The display of a running search: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from experiment.terminal.bars import PLAIN_SECONDS
from workers.statistics import worker_words

_RECENT = 50  # generations from which the rate and the time left are estimated


class Display:
    """Shows one run's generations; a context manager.

    Args:
        console: where to write; its ``is_terminal`` decides between live and plain.
        label: of the run, such as `label_of` its directory.
        generations: total number to run.
        live: True if the config asks for the live display.
    """

    def __init__(self, console: Console, label: str, generations: int, live: bool = True) -> None:
        self._console = console
        self._label = label
        self._generations = generations
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)  # (time, env_steps)
        self._lost = 0.0  # workers lost since the display began
        self._shown = -PLAIN_SECONDS
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            console=console,
            expand=True,
        )
        self._bar = self._progress.add_task(label, total=generations)
        self._live = (
            Live(self._progress, console=console, refresh_per_second=8) if live and console.is_terminal else None
        )

    def update(self, line: Mapping[str, Any]) -> None:
        """Show one line of metrics."""
        now = monotonic()
        self._recent.append((now, line["env_steps"]))
        self._lost += line.get("worker_deaths", 0.0)
        last = line["generation"] + 1 == self._generations
        if self._live:
            self._progress.update(self._bar, completed=line["generation"] + 1)
            self._live.update(self._picture(line))
        elif last or now - self._shown >= PLAIN_SECONDS:
            self._shown = now
            self._console.print(self._sentence(line), highlight=False, markup=False, soft_wrap=True)

    def ended(self, generation: int, reason: str) -> None:
        """Print why the search ended early, after ``generation`` generations."""
        line = f"{self._label}  ends after generation {generation} of {self._generations}: {reason}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _rate(self, line: Mapping[str, Any]) -> tuple[float, float]:
        """Simulated steps per second, and seconds left."""
        (begin, begin_steps), (end, end_steps) = self._recent[0], self._recent[-1]
        seconds = end - begin
        if len(self._recent) < 2 or seconds <= 0:
            return float("nan"), float("nan")
        left = self._generations - line["generation"] - 1
        return (end_steps - begin_steps) / seconds, left * seconds / (len(self._recent) - 1)

    def _picture(self, line: Mapping[str, Any]) -> Table:
        rate, left = self._rate(line)
        figures = Text.from_markup(
            f"mean [bold green]{number_text(line['best_mean_return'])}[/]"
            f"  max [bold cyan]{number_text(line['best_max_return'])}[/]"
            f"  connections [bold]{line['best_num_connections']}[/]  [bold]{_short(rate)}[/] steps/s"
            f"  [bold]{_short(line['env_steps'])}[/] steps  left [bold]{_clock(left)}[/]"
        )
        figures.no_wrap = True
        picture = Table.grid(expand=True)
        picture.add_row(self._progress)
        picture.add_row(figures)
        if words := worker_words(line, self._lost):
            picture.add_row(Text(words, style="dim", no_wrap=True))
        return picture

    def _sentence(self, line: Mapping[str, Any]) -> str:
        rate, left = self._rate(line)
        words = worker_words(line, self._lost)
        return (
            f"{self._label}  generation {line['generation'] + 1}/{self._generations}"
            f"  mean {number_text(line['best_mean_return'])}  max {number_text(line['best_max_return'])}"
            f"  connections {line['best_num_connections']}  steps/s {_short(rate)}  left {_clock(left)}"
            f"{'  ' if words else ''}{words}"
        )

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()


def label_of(path: Path) -> str:
    """The name of a run's directory; in a stage or a combination of a sweep, preceded by that one's name."""
    if path.parent.parent.name == "stages":
        return f"{path.parent.name} {path.name}"
    return f"{path.parent.name}/{path.name}" if "=" in path.parent.name else path.name


def number_text(value: float | None) -> str:
    """A number with one decimal, or a dash if there is none."""
    return "-" if value is None or value != value else f"{value:.1f}"


def _short(value: float) -> str:
    if value != value:
        return "-"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f}"


def _clock(seconds: float) -> str:
    if seconds != seconds:
        return "-"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
