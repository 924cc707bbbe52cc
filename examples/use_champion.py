"""Use a champion from Python: load it, let it act, plot its return against the shared weight, export it.

    python examples/use_champion.py docs/champions/swingup_one_weight.json champion-files

The second argument is the directory of the files that it writes. It runs offline, in seconds.
"""

import sys
from pathlib import Path

from inspection import Policy, best_weight, draw_weight_curve, export_champion, measure_weight_curve, save_picture
from wann import load_champion


def main(path: str, out: str) -> None:
    champion = load_champion(path)
    print(f"A champion of {champion.task}, {champion.genome.num_enabled} connections")
    print(f"Its best shared weight: {best_weight(champion)}")

    # A policy is the network at one weight: the best one, unless another is given.
    policy = Policy(champion)
    environment = policy.task.make_environment()  # Gymnasium's
    observation, _ = environment.reset(seed=1)
    value, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = environment.step(policy.action(observation))
        value += float(reward)
        over = terminated or truncated
    environment.close()
    print(f"An episode returns {value:.1f}")

    # The same in one line, at another weight.
    print(f"The same start at weight -1: {Policy(champion, -1.0).play(seed=1).value:.1f}")

    # The return against the shared weight, on fresh episodes.
    curve = measure_weight_curve(champion, policy.task, seed=0, episodes=20)
    directory = Path(out)
    directory.mkdir(parents=True, exist_ok=True)
    files = save_picture(directory, "weights", draw_weight_curve(curve))

    # Files for other programs: a Graphviz graph and a torch module.
    files += export_champion(champion, directory, ["dot", "torch"])
    print("Files:", *files, sep="\n  ")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["docs/champions/swingup_one_weight.json", "champion-files"]))
