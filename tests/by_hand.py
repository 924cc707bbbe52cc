"""Networks made by hand that solve a task of memory exactly at every shared weight."""

from __future__ import annotations

import numpy as np

from wann.activations import ACTIVATIONS
from wann.genome import Genome, make_genome


def network_of(num_inputs: int, outputs: list[str], hidden: list[str], genes: list[tuple[int, int, int]]) -> Genome:
    """A genome of named activations, and genes (source, target, delay)."""
    codes = [1] * (1 + num_inputs) + [ACTIVATIONS[name].code for name in (*outputs, *hidden)]
    sources, targets, delays = np.transpose(genes)
    return make_genome(num_inputs, len(outputs), codes, sources, targets, np.ones(len(genes)), delays)


def parity() -> Genome:
    """Two classes, even and odd numbers of -1 so far, from one input of +-1.

    The output for odd numbers is the bit that is kept, and the other stays 0: equal outputs mean even. The bit becomes
    1 where it differs from a step that opens at -1. Both pass one more node, so that their difference is exactly 0 or
    w; its absolute value passes a linear node, and so every step sees an even power of w.
    """
    bit, turned, minus, kept, seen, apart, relay = range(3, 10)
    return network_of(
        1,
        ["linear", "step"],
        ["inverse", "step", "linear", "inverse", "abs", "linear"],
        [
            (1, turned, 0),
            (turned, minus, 0),
            (minus, seen, 0),
            (bit, kept, 1),
            (kept, apart, 0),
            (seen, apart, 0),
            (apart, relay, 0),
            (relay, bit, 0),
        ],
    )


def copier(num_bits: int) -> Genome:
    """A shift register of signs, which moves while it is written, rests during the delay, and moves again to be read.

    Cell i keeps a bit m(i): a step p takes the cell's before where the register moves, a step q its own where it rests,
    and m = p + q. Moving, c, is a step over the sign's absolute value and the number of flags before this step. Each
    step reads nodes of its own scale, +-w times 0 or 1, so that differences are exactly 0, +-w or more.
    """
    genes: list[tuple[int, int, int]] = []
    hidden: list[str] = []
    sign, go, output, num_fixed = 1, 2, 3, 4

    def node(activation: str, *sources: tuple[int, int]) -> int:
        hidden.append(activation)
        genes.extend((source, num_fixed + len(hidden) - 1, delay) for source, delay in sources)
        return num_fixed + len(hidden) - 1

    size = node("linear", (node("abs", (sign, 0)), 0))
    moves = node("step", (size, 0), (node("accumulate", (go, 1)), 0))
    if_rests = node("inverse", (moves, 0))
    rests = node("step", (node("linear", (0, 0)), 0), (if_rests, 0))
    if_moves = node("inverse", (rests, 0))
    taken = node("step", (node("linear", (sign, 0)), 0))
    for cell in range(num_bits):
        bit = taken + 2
        kept = node("step", (bit, 1), (if_rests, 0))
        assert node("linear", (taken, 0), (kept, 0)) == bit
        if cell < num_bits - 1:
            taken = node("step", (bit, 1), (if_moves, 0))
    genes.append((bit, output, 1))
    return network_of(2, ["linear"], hidden, genes)


def dictionary(num_keys: int, num_values: int, published: bool) -> Genome:
    """Values are heard at their outputs; a plastic connection from each key to each output keeps what was heard.

    Keys are read a step later, so that the blank step after the question answers it. So are values that come together
    with their keys; in the published format they come a step after them.
    """
    values = 1 + num_keys + np.arange(num_values)
    outputs = num_values + 1 + values  # one more input asks
    keys = np.repeat(1 + np.arange(num_keys), num_values)
    sources, targets = np.r_[values, keys], np.r_[outputs, np.tile(outputs, num_keys)]
    plastic = np.arange(len(sources)) >= num_values
    delays = np.where(plastic | (not published), 1, 0)
    num_inputs = num_keys + num_values + 1
    codes, enabled = [1] * (1 + num_inputs + num_values), np.ones(len(sources))
    return make_genome(num_inputs, num_values, codes, sources, targets, enabled, delays, plastic)
