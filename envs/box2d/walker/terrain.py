"""The terrain of a seed: the draws and the arithmetic of Gymnasium's BipedalWalker, compiled.

Edges and polygons go to the tables of `envs.box2d.engine.ground`. The generator draws terrain, clouds and the first
push in that order; clouds are only skipped.
"""

import numpy as np

from envs.box2d.engine.ground import EDGE, POLYGON, Grounds, describe_edge, describe_polygon
from envs.box2d.walker.scene import (
    INITIAL_FORCE,
    SCALE,
    TERRAIN_GRASS,
    TERRAIN_HEIGHT,
    TERRAIN_LENGTH,
    TERRAIN_STARTPAD,
    TERRAIN_STEP,
)
from wann.kernels.jit import jit, part

GRASS, STUMP, STAIRS, PIT = range(4)
MOST_POLYGONS = 64  # of a terrain; no sequence of obstacles has more
_NUM_CLOUD_DRAWS = 10 * (1 + 5 * 2)


def make_grounds(seeds, hardcore):
    """Tables of the terrains of G seeds, and the first push of each, [G] float32, in newtons."""
    grounds = Grounds(
        np.zeros((len(seeds), TERRAIN_LENGTH - 1, EDGE), np.float32),
        np.zeros((len(seeds), MOST_POLYGONS if hardcore else 1, POLYGON), np.float32),
        np.zeros(len(seeds), np.int64),
        TERRAIN_STEP,
    )
    pushes = np.zeros(len(seeds), np.float32)
    for ground, seed in enumerate(seeds):
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed))))
        pushes[ground] = draw_terrain(generator, hardcore, grounds, ground)
    return grounds, pushes


@jit
def draw_terrain(generator, hardcore, grounds, ground):
    """Fill one ground of the tables from a new generator; returns the first push."""
    state, velocity, y = GRASS, 0.0, TERRAIN_HEIGHT
    counter, oneshot = TERRAIN_STARTPAD, False
    steps, width, height, original = 0, 0, 0, 0.0
    before = 0.0
    for i in range(TERRAIN_LENGTH):
        x = i * TERRAIN_STEP
        if state == GRASS and not oneshot:
            velocity = 0.8 * velocity + 0.01 * np.sign(TERRAIN_HEIGHT - y)
            if i > TERRAIN_STARTPAD:
                velocity += generator.uniform(-1, 1) / SCALE
            y += velocity
        elif state == PIT and oneshot:
            counter = generator.integers(3, 5)
            _box(grounds, ground, x, x + TERRAIN_STEP, y - 4 * TERRAIN_STEP, y)
            shift = TERRAIN_STEP * counter
            _box(grounds, ground, x + shift, (x + TERRAIN_STEP) + shift, y - 4 * TERRAIN_STEP, y)
            counter += 2
            original = y
        elif state == PIT:
            y = original
            if counter > 1:
                y -= 4 * TERRAIN_STEP
        elif state == STUMP and oneshot:
            counter = generator.integers(1, 3)
            _box(grounds, ground, x, x + counter * TERRAIN_STEP, y, y + counter * TERRAIN_STEP)
        elif state == STAIRS and oneshot:
            height = 1 if generator.random() > 0.5 else -1
            width = generator.integers(4, 5)
            steps = generator.integers(3, 5)
            original = y
            for s in range(steps):
                left, right = x + (s * width) * TERRAIN_STEP, x + ((1 + s) * width) * TERRAIN_STEP
                _box(
                    grounds, ground, left, right, y + (-1 + s * height) * TERRAIN_STEP, y + (s * height) * TERRAIN_STEP
                )
            counter = steps * width
        elif state == STAIRS:
            n = (steps * width - counter - height) / width
            y = original + (n * height) * TERRAIN_STEP
        oneshot = False
        if i > 0:
            describe_edge(grounds.edges, ground, i - 1, (i - 1) * TERRAIN_STEP, before, x, y)
        before = y
        counter -= 1
        if counter == 0:
            counter = generator.integers(TERRAIN_GRASS // 2, TERRAIN_GRASS)
            state = generator.integers(1, 4) if state == GRASS and hardcore else GRASS
            oneshot = True
    for _ in range(_NUM_CLOUD_DRAWS):
        generator.random()
    return np.float32(generator.uniform(-INITIAL_FORCE, INITIAL_FORCE))


@part
def _box(grounds, ground, left, right, bottom, top):
    """An upright rectangle, as its vertices come out of Box2D's hull: from the lower right corner on."""
    i = grounds.num_polygons[ground]
    describe_polygon(grounds.polygons, ground, i, left, right, bottom, top)
    grounds.num_polygons[ground] = i + 1
