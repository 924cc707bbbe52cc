"""A search with an evaluation of one's own: networks that tell the XOR of two inputs, at any shared weight.

Run it from anywhere: ``python examples/ask_tell.py``. It takes a few seconds and writes ``xor.json``.
"""

import numpy as np

from configs import Config
from evolution.registry import make_search
from wann import Champion, compile_genome, forward, save_champion

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # [B, I]
TARGETS = np.array([-1, 1, 1, -1])  # [B]: the sign that the output is to have
WEIGHTS = [-1.5, -1.0, 1.0, 1.5]  # [W]

CONFIG = Config.model_validate(
    {
        "seed": 2,
        "search": {"strategy": "published", "population": 96, "tournament_size": 8},
        "evaluation": {"weights": WEIGHTS, "rollouts": 1},
    }
)


def scores(network, weights):
    """[W] by how much the outputs of a network are on the right side of 0, 1 at most."""
    outputs = forward(network, weights, INPUTS)[:, :, 0]  # [W, B]
    return (TARGETS * outputs.clip(-1, 1)).mean(axis=1)


def main():
    search = make_search(CONFIG, num_inputs=2, num_outputs=1, initial=[], behaviour=None)
    for _ in range(151):
        request = search.ask()  # P different networks, at W weights
        returns = np.array([scores(network, request.weights) for network in request.networks])  # [P, W]
        summary = search.tell(returns[:, :, None])  # [P, W, R]: one rollout of each
        if summary.generation % 30 == 0:
            print(f"generation {summary.generation}: {summary.best_mean_return:.3f}")
    best = search.best
    network = compile_genome(best)
    print(f"{network.num_connections} connections")
    for weight, outputs in zip(WEIGHTS, forward(network, WEIGHTS, INPUTS), strict=True):
        print(f"weight {weight:+.1f}: {outputs[:, 0].round(2)}")
    save_champion("xor.json", Champion(best, "xor", ("a", "b"), ("xor",), tuple(WEIGHTS), {}, {}, 1, 0, ""))


if __name__ == "__main__":
    main()
