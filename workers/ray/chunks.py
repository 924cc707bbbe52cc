"""The measured cost of networks, and the division of a request into chunks of work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.network import Networks

# A simulator's step costs about as much as this many connections. This sets only the proportions of the estimate; its
# scale is measured.
_STEP_CONNECTIONS = 20


def cost_units(networks: Networks, num_lanes: int) -> NDArray[np.float64]:
    """Estimated cost of each network over ``num_lanes`` rollouts, [P], in arbitrary units."""
    return (networks.num_connections() + _STEP_CONNECTIONS).astype(np.float64) * num_lanes


@dataclass
class CostModel:
    """Seconds per cost unit: a running mean in which each request weighs half as much as the next one."""

    units: float = 0.0
    seconds: float = 0.0

    def begin_request(self) -> None:
        self.units *= 0.5
        self.seconds *= 0.5

    def observe(self, units: float, seconds: float) -> None:
        self.units += units
        self.seconds += seconds

    def expected_seconds(self, units: float) -> float | None:
        """Expected time of ``units`` (s); None before anything was measured."""
        return units * self.seconds / self.units if self.units else None


def cut(
    costs: NDArray[np.float64],
    num_workers: int,
    smallest: float,
    largest: float = np.inf,
    share: float = 0.5,
    kinds: NDArray[np.int64] | None = None,
) -> list[NDArray[np.int64]]:
    """Divide rows 0..P-1 into chunks, large ones first, so that the small ones at the end balance the workers.

    Every chunk takes the ``share`` of one worker's fair part of the rest (guided self-scheduling, Polychronopoulos &
    Kuck 1987), but at least ``smallest`` and at most ``largest``. Costly networks come first. With ``kinds``, the kinds
    follow each other, and no chunk mixes two.

    Args:
        costs: [P] of each network.
        num_workers: number of workers that share the work.
        smallest: cost of the smallest chunk that is worth sending, in the units of ``costs``.
        largest: upper limit on the cost of a chunk of more than one network; not below ``smallest``.
        share: of a worker's fair part of the rest, in (0, 1].
        kinds: [P] kind of each row; None if all are alike.

    Returns:
        Row indices of each chunk, every row in exactly one.
    """
    kinds = np.zeros(len(costs), np.int64) if kinds is None else kinds
    order = np.lexsort((-costs, kinds))
    ends = np.cumsum(costs[order])
    kind_ends = np.searchsorted(kinds[order], kinds[order], side="right")
    chunks, begin, taken = [], 0, 0.0
    while begin < len(order):
        kind_end = int(kind_ends[begin])
        target = min(largest, max(smallest, share * (float(ends[-1]) - taken) / num_workers))
        rest = float(ends[kind_end - 1]) - taken
        if rest - target < 0.5 * smallest and rest <= largest:  # The remainder would be too small for its own chunk.
            end = kind_end
        else:
            end = min(kind_end, max(begin + 1, int(np.searchsorted(ends, taken + target, side="right"))))
        chunks.append(np.sort(order[begin:end]))
        begin, taken = end, float(ends[end - 1])
    return chunks
