"""Make an encoder for CarRacing: ``train_vae.py --out DIR`` drives, trains a VAE on the pictures, and measures it.

Without options it follows the recipe of the encoder that comes with the package. DIR gets ``encoder.safetensors``,
which the option ``encoder`` of the task takes, ``vae.safetensors`` (decoder and all), ``reconstructions.png`` and
``quality.json``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiment.terminal.command_line import DONE, ArgumentParser, exit_status


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 a failure, 2 a mistake of the user, 130 interrupted."""
    return exit_status("train_vae.py", lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    from rich.console import Console

    from encoding.make import EncoderOptions, collect_frames, make_ready, measure, save, train_vae
    from experiment.terminal.bars import Bars

    options = EncoderOptions(**vars(arguments))
    console = Console()
    directory = make_ready(options)
    with Bars(console) as bars:
        frames = collect_frames(options, bars)
        vae = train_vae(options, frames, bars)
    quality = measure(vae, frames)
    save(directory, options, vae, frames, quality)
    for line in quality.lines():
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Encoder: {directory / 'encoder.safetensors'}", highlight=False, markup=False, soft_wrap=True)
    return DONE


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="train_vae.py", description="Make an encoder of CarRacing's frames.")
    parser.add_argument("--out", required=True, metavar="DIR", help="new directory for the encoder")
    parser.add_argument(
        "--frames", type=int, default=100_000, help="pictures of lanes to train on (default: %(default)s)"
    )
    parser.add_argument(
        "--held-out", type=int, default=4_000, help="frames of Gymnasium to measure on (default: %(default)s)"
    )
    parser.add_argument("--champion", metavar="FILE", help="car_racing champion that drives half of the episodes")
    parser.add_argument("--epochs", type=int, default=10, help="(default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="at its highest (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of driving and training (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda, to train on (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
