"""The section of a report on the evolution of the champion in its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import accumulate

from inspection.drawing.diagram import draw_network
from inspection.drawing.text import escaped
from inspection.history import History, draw_history
from inspection.report.sections import in_both_widths
from wann.champion import Champion
from wann.network import compile_genome

MOST_GROWTH = 1_200_000  # characters of pictures of earlier networks


def evolution_section(champion: Champion, history: History) -> str:
    """Learning curves, and a slider through the best networks."""
    plots = "".join(
        f'<figure class="plot" data-plot="history" data-axis="{axis}"{"" if axis == "generations" else " hidden"}>'
        f"{in_both_widths(partial(draw_history, history, axis))}</figure>"
        for axis in ("generations", "steps")
    )
    return (
        '<section id="evolution" aria-labelledby="evolution-heading"><h2 id="evolution-heading">Evolution</h2>'
        f'<p class="say">The best network of each of {history.generations:,} generations.</p>'
        '<div class="choice" role="group" aria-label="Horizontal axis">'
        '<button type="button" aria-pressed="true" data-show="generations">Generations</button>'
        '<button type="button" aria-pressed="false" data-show="steps">Simulated steps</button></div>'
        f'{plots}<p class="readout" id="history-reading" role="status"></p>{growth(champion, history)}</section>'
    )


def growth(champion: Champion, history: History) -> str:
    """A slider through the best networks of the run: all, or every second, fourth and so on back from the champion."""
    found = []
    for stretch in history.stretches:
        for snapshot in stretch.snapshots:
            where = f"{stretch.name}, generation" if stretch.name else "Generation"
            found.append((f"{where} {snapshot.generation:,}: return {snapshot.mean_return:,.1f}", snapshot.genome))
    if not found:
        return ""
    found.append(("The champion", champion.genome))

    @cache
    def item(number: int) -> str:
        said, genome = found[number]
        network = compile_genome(genome)
        said = f"{said}; {network.num_hidden} hidden nodes, {network.num_connections} connections"
        picture = draw_network(network, champion.input_names, champion.output_names, merged=True)
        return f'<div class="snapshot" data-said="{escaped(said)}" hidden>{picture}</div>'

    items = [item(number) for number in _numbers_that_fit(len(found), lambda number: len(item(number)))]
    return (
        '<h3 id="growth-heading">How it grew</h3><div class="growth">'
        '<div class="reading"><button type="button" id="growth-play">Play</button>'
        f'<input id="growth-slider" type="range" min="0" max="{len(items) - 1}" step="1" value="{len(items) - 1}" '
        'aria-labelledby="growth-heading"></div><p class="readout" id="growth-reading" role="status"></p>'
        f'<div class="snapshots">{"".join(items)}</div></div>'
    )


def _numbers_that_fit(count: int, size: Callable[[int], int]) -> Sequence[int]:
    """Numbers below ``count``, evenly back from the last: the most whose sizes stay within `MOST_GROWTH`, or two.

    They are tried from few to many, because pictures take long to draw.
    """

    def every(step: int) -> range:
        return range(count - 1, -1, -step)

    step = 1 << max(count - 2, 0).bit_length()
    while step > 1:
        more = every(step // 2)
        if len(more) > 2 and any(total > MOST_GROWTH for total in accumulate(map(size, more))):
            break
        step //= 2
    return every(step)[::-1]
