"""Pictures and dashboards of lanes against Gymnasium's frames, and the time for a picture and its latents.

``python -m benchmarks.racer_pictures`` drives 60 episodes in Gymnasium, most by eye and some at random, and compares
every fourth frame.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import seconds_of
from encoding.collecting import EPISODE_STEPS, STRIDE, WANDERERS
from encoding.driving import Follower, Wanderer
from envs.box2d.racer.dashboard import FULL, READINGS, read, shown
from envs.box2d.racer.encoder import DEFAULT, read_encoder
from envs.box2d.racer.frames import PICTURE_SHAPE, pictures
from envs.box2d.racer.pose import pose_of
from envs.box2d.racer.sight import Roads, draw_all
from envs.box2d.racer.track import make_track

FIRST_SEED = 500_000
SCALE = 64 * 64 * 3 / np.prod(PICTURE_SHAPE)  # of squared errors, to images of 64 x 64 pixels in three colours
LANES, REPEATS = 64, 100


def main(episodes: int) -> int:
    errors, differences, readings, wrong = [], [], 0, 0
    poses: list[NDArray[np.float64]] = []
    owners: list[int] = []  # the episode of each pose
    for seed in range(FIRST_SEED, FIRST_SEED + episodes):
        frames, driven = (np.array(part) for part in zip(*_drive(seed), strict=True))
        found = _drawn(seed, driven) - pictures(frames)
        errors.append(SCALE * (found**2).sum((1, 2, 3)))
        differences.append(abs(found).mean((2, 3)) * 255)
        wrong += int((abs(read(frames) - _shown(driven)) * FULL > 0.5).sum())
        readings += len(frames) * READINGS
        poses += list(driven)
        owners += [seed] * len(driven)
    error, difference = np.concatenate(errors), np.concatenate(differences).mean(0)
    print(f"{len(error)} frames: squared error {error.mean():.2f} on average, {error.max():.2f} at most")
    print(f"pixels differ by {difference[0]:.2f} (green) and {difference[1]:.2f} (red) of 255")
    print(f"{wrong} of {readings} readings of the dashboard differ")
    drawing, encoding = _times(np.array(poses), np.array(owners))
    print(f"microseconds for a picture {drawing:.1f}, for its latents {encoding:.1f} (medians)")
    return 0


def _drive(seed: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Frames and poses of an episode."""
    import gymnasium

    environment = gymnasium.make("CarRacing-v3", disable_env_checker=True)
    rng = np.random.default_rng(seed)
    driver = Wanderer(rng) if seed % WANDERERS == 0 else Follower(rng)
    frame, _ = environment.reset(seed=seed)
    for step in range(EPISODE_STEPS):
        if step % STRIDE == 0:
            yield frame, pose_of(environment.unwrapped)
        frame, _, terminated, truncated, _ = environment.step(driver.act(pictures(frame[None])[0]))
        if terminated or truncated:
            break
    environment.close()


def _drawn(seed: int, poses: NDArray[np.float64]) -> NDArray[np.float32]:
    images = np.empty((len(poses), *PICTURE_SHAPE), np.float32)
    draw_all(*Roads.of([make_track(seed)]), poses, np.zeros(len(poses), np.int64), images)
    return images


def _shown(poses: NDArray[np.float64]) -> NDArray[np.float32]:
    readings = np.empty((len(poses), READINGS), np.float32)
    for pose, row in zip(poses, readings, strict=True):
        shown(pose, row)
    return readings


def _times(poses: NDArray[np.float64], owners: NDArray[np.int64]) -> tuple[float, float]:
    """Microseconds for a picture and for its latents, 64 lanes at a time."""
    chosen = np.linspace(0, len(poses) - 1, LANES).astype(int)
    poses, (seeds, tracks) = poses[chosen], np.unique(owners[chosen], return_inverse=True)
    roads = Roads.of([make_track(seed) for seed in seeds.tolist()])
    images, encoder = np.empty((LANES, *PICTURE_SHAPE), np.float32), read_encoder(DEFAULT).make()
    drawing, encoding = [], []
    for _ in range(REPEATS):
        drawing.append(seconds_of(lambda: draw_all(*roads, poses, tracks, images)))
        encoding.append(seconds_of(lambda: encoder.encode_images(images)))
    return median(drawing) / LANES * 1e6, median(encoding) / LANES * 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=60)
    sys.exit(main(parser.parse_args().episodes))
