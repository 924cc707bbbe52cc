"""The table of the champion at the end of a search: confirmed returns per weight, and the files of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from experiment.confirmed import SHARES, ConfirmedReturns, Record
from experiment.judged import JudgedTable
from experiment.terminal.live import number_text
from storage.run_directory import RunDirectory
from wann.champion import Champion
from wann.network import compile_genome

_MOST_WEIGHTS = 12  # maximal number in a table


def print_champion(console: Console, run: RunDirectory, champion: Champion) -> None:
    """Print the champion's confirmed returns per weight, and the places of the files."""
    returns = ConfirmedReturns.of(champion.returns)
    console.print(_per_weight(champion, returns))
    if returns.per_class:
        console.print(_per_class(returns))
    if returns.judged is not None:
        console.print(*_judged(returns.judged), sep="\n")
        console.print(returns.judged.caption, highlight=False)
    console.print("Files:", highlight=False)
    below = ("stages.csv", "stages") if run.config.stages else ("metrics.jsonl", "checkpoint")
    for name in ("champion.json", "config.yaml", *below):
        console.print(f"  {run.address_of(run.path / name)}", highlight=False, markup=False, soft_wrap=True)


def _per_weight(champion: Champion, returns: ConfirmedReturns) -> Table:
    network = compile_genome(champion.genome)
    table = Table(
        title=f"Champion: {network.num_hidden} hidden nodes, {network.num_connections} connections",
        caption=returns.unit,
    )
    individual, random, best = returns.random_individual, returns.random_shared, returns.best_shared
    records = [*_shown(returns), individual, random, best]
    shares = [name for name in SHARES if any(name in record for record in records)]
    for name in ("shared weight", "mean", "sd", "median", "min", *shares):
        table.add_column(name, justify="right")
    for record in _shown(returns):
        table.add_row(f"{record['weight']:g}", *_figures(record, shares))
    table.add_section()
    table.add_row("random, each its own", *_figures(individual, shares))
    table.add_row(f"random in U({random['low']:g}, {random['high']:g})", *_figures(random, shares))
    table.add_row(f"best, {best['weight']:g}", *_figures(best, shares))
    if returns.ensemble:
        table.add_section()
    for words, figure in returns.ensemble.items():
        table.add_row(words, f"{figure:.1f}")
    return table


def _per_class(returns: ConfirmedReturns) -> Table:
    """Accuracy of every class at every weight, and of all weights together."""
    table = Table(caption="accuracy (%) on the test images of each class")
    table.add_column("class")
    shown = _shown(returns)
    for heading in (*(f"{record['weight']:g}" for record in shown), "mean softmax"):
        table.add_column(heading, justify="right")
    for name, record in returns.per_class.items():
        accuracies = (*record["by_weight"][: len(shown)], record["mean_softmax"])
        table.add_row(name, *(f"{accuracy:.1f}" for accuracy in accuracies))
    return table


def _judged(judged: JudgedTable) -> Iterator[Table]:
    """Fresh sequences of every judging length, at the published weights and over random ones."""
    for words, rows in judged.blocks:
        table = Table(title=words)
        for heading in judged.headings:
            table.add_column(heading, justify="right")
        for cells in rows:
            table.add_row(*cells)
        yield table


def _shown(returns: ConfirmedReturns) -> Sequence[Record]:
    """The records of the swept weights; none if they are too many for a table."""
    return returns.per_weight if len(returns.per_weight) <= _MOST_WEIGHTS else []


def _figures(record: Record, shares: Sequence[str]) -> list[str]:
    """The cells of a row: statistics of its returns, and shares of its episodes."""
    numbers = [number_text(record[key]) for key in ("mean", "std", "median", "min")]
    return [*numbers, *(f"{record.get(name) or 0:.0%}" for name in shares)]
