"""Train a baseline: ``compare_baselines.py --baseline NAME --dataset mnist --out DIR``.

It gets the inputs, the parts and the scoring of weight-agnostic champions. DIR gets ``model.safetensors``, which says
how it was made, and ``results.json``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiment.command_line import DONE, ArgumentParser, exit_status


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 a failure, 2 a mistake of the user, 130 interrupted."""
    return exit_status("compare_baselines.py", lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    from baselines.order import Order, make_ready

    order = make_ready(Order(**vars(arguments)))
    from baselines.display import Display
    from baselines.files import save
    from baselines.running import run

    console = Console()
    with Display(console, order.baseline) as display:
        result = run(order, display.update)
    save(order.out, result)
    console.print(result.line(), highlight=False, markup=False, soft_wrap=True)
    return DONE


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="compare_baselines.py", description="Train a baseline of weight-agnostic networks.")
    parser.add_argument(
        "--baseline",
        required=True,
        metavar="NAME",
        help="linear, mlp, cnn, hypernetwork, coordinate_hypernetwork, mask, champion or champion_cma_es",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="new directory for the model and its figures")
    parser.add_argument(
        "--dataset", default="mnist", metavar="NAME", help="mnist, fashion_mnist or digits (default: %(default)s)"
    )
    parser.add_argument(
        "--inputs",
        default="auto",
        metavar="KIND",
        help='"16x16 deskewed", 28x28 or 8x8 (default: the champion\'s, or the first that the baseline takes)',
    )
    parser.add_argument("--seed", type=int, default=0, help="of first weights and batches (default: %(default)s)")
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="at most (default: the baseline's own); one of champion_cma_es is 100 generations",
    )
    parser.add_argument("--champion", metavar="FILE", help="whose topology champion and champion_cma_es train")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
