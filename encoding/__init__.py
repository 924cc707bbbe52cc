"""Making encoders of CarRacing's pictures: driving, collecting, training a variational autoencoder, measuring it.

Above `envs`; only ``train_vae.py``, benchmarks and tests use it. torch and Pillow are imported where they are needed.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from encoding.make import EncoderOptions as EncoderOptions
    from encoding.make import collect_frames as collect_frames
    from encoding.make import make_ready as make_ready
    from encoding.make import measure as measure
    from encoding.make import save as save
    from encoding.make import train_vae as train_vae

__all__ = ["EncoderOptions", "collect_frames", "make_ready", "measure", "save", "train_vae"]
__getattr__, __dir__ = lazy(__name__, dict.fromkeys(__all__, "encoding.make"))
