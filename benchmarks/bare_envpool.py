"""EnvPool alone, the yardstick of the lanes: what its simulators cost any user, without networks or encoders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def made(id: str, seeds: NDArray[np.int64]) -> Iterator[Any]:
    """A pool of environments in one thread, reset."""
    import envpool

    pool = envpool.make(id, env_type="gymnasium", num_envs=len(seeds), num_threads=1, seed=seeds.tolist())
    pool.reset()
    try:
        yield pool
    finally:
        pool.close()


def play(id: str, seeds: NDArray[np.int64], actions: NDArray[np.float32]) -> int:
    """Take actions [T, L, A] in L new environments; returns the number of steps.

    An environment whose episode ends begins another one, as EnvPool does by itself.
    """
    with made(id, seeds) as pool:
        for action in actions:
            pool.step(action)
    return actions.shape[0] * actions.shape[1]
