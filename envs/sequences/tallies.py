"""Tallies of networks over whole sequences: right answers, steps before the first error, and margins, for each lane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.scoring import scores
from envs.sequences.tiling import Tiles
from wann.network import Network, Networks
from wann.oracle import Lanes

# Outputs that the oracle holds at once, over all steps.
_MOST_OUTPUTS = 2**22


def tallies(
    networks: Networks, weights: NDArray[np.float32], individual: bool, episodes: Episodes, tiles: Tiles
) -> NDArray[np.float32]:
    """Right answers, judged steps before the first error, and summed margins of every lane, [P, 3, L].

    Args:
        networks: P programs.
        weights: from `envs.task.weight_table`.
        individual: from the same.
        episodes: the sequences of the lanes.
        tiles: `envs.sequences.tiling.tiles_of` them.
    """
    from envs.sequences.kernels import run_sequences

    found = np.zeros((len(networks), 3, len(tiles.settings)), np.float32)
    num_answers = episodes.targets.shape[2] if episodes.is_bits else 1
    shape = networks.num_inputs, networks.num_outputs, episodes.num_steps, num_answers, episodes.is_bits
    data = tiles.inputs, tiles.targets, tiles.judging, tiles.steps
    lanes = tiles.places, tiles.settings, weights, individual
    run_sequences(networks.program_arrays(), networks.state_arrays(), shape, data, *lanes, found)
    return found


def oracle_tallies(
    network: Network, weights: NDArray[np.float64], episodes: Episodes, sequences: NDArray[np.int64]
) -> NDArray[np.float64]:
    """`tallies` of one network in float64, [3, L].

    Args:
        network: any.
        weights: [W] shared or [W, E] individual.
        episodes: the sequences.
        sequences: [W, n] indices of those of each weight.
    """
    chosen, settings = sequences.ravel(), np.repeat(np.arange(len(sequences)), sequences.shape[1])
    size = max(1, _MOST_OUTPUTS // (episodes.num_steps * network.num_outputs))
    parts = [slice(begin, begin + size) for begin in range(0, len(chosen), size)]
    return np.concatenate(
        [_oracle_lanes(network, weights[settings[part]], episodes.take(chosen[part])) for part in parts], axis=1
    )


def _oracle_lanes(network: Network, weights: NDArray[np.float64], episodes: Episodes) -> NDArray[np.float64]:
    lanes = Lanes(network, weights)
    found = scores(np.stack([lanes.step(inputs) for inputs in episodes.inputs])[None], episodes)
    right = found.answers - found.wrong[0]
    return np.stack([right, found.before_error[0] * episodes.judged.sum(axis=0), found.margins[0] * found.answers])
