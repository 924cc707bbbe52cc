"""Whole episodes of CarRacing in lanes: picture, encoder, network and physics, frame by frame.

As an episode ends, the next one takes its lane, so all lanes are busy until the last episodes; then the lanes that are
left move together. Each track is made once, and so is the state after the step that a reset makes: an episode starts
as a copy of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.vectors import LANES
from envs.box2d.queue import NOT_SAID, NOT_SEEN, PLAYED, Queue, play_in_parts
from envs.box2d.racer.car import SCENE, WHEEL
from envs.box2d.racer.lanes import LEFT_FIELD, MAX_STEPS, Cars, copy_car, put, step_cars, take_reward
from envs.box2d.racer.sight import Roads, Sight
from envs.box2d.racer.tiles import Tiles
from envs.box2d.racer.track import Track, make_track
from envs.lane_networks import LaneNetworks
from envs.task import Returns, Seeds, Weights, lane_grid
from envs.waves import Episodes, Limits
from wann.kernels.jit import inner, jit, part
from wann.network import Network, Networks

POOL = 4 * LANES  # lanes: enough to share the cost of a call, few enough for the processor's cache
MOST_TRACKS = 256  # at a time; each takes 80 kB

# Columns of `Lanes.counts` and of `Lanes.sums`.
EPISODE, STEPS, BEST_STEP = range(3)
RETURN, BEST = range(2)
_NO_LIMIT = np.iinfo(np.int64).max


class Lanes(NamedTuple):
    """The episodes that L lanes are playing.

    Attributes:
        cars: their physics.
        networks: [L] int64 index of each episode's network.
        settings: [L] int64 index of its weight setting.
        counts: [L, 3] int64: episode, steps so far, step at which its return was highest.
        sums: [L, 2] float64: return so far, and the highest so far.
        memory: [L, M] float64, what a racer remembers of the frame before; see `Sight`.
        state: [L, S] float32 state of each network; see `wann.kernels.state_forward`.
    """

    cars: Cars
    networks: NDArray[np.int64]
    settings: NDArray[np.int64]
    counts: NDArray[np.int64]
    sums: NDArray[np.float64]
    memory: NDArray[np.float64]
    state: NDArray[np.float32]

    @classmethod
    def make(cls, count: int, most_tiles: int, memory: int, num_state: int) -> Self:
        cars = Cars.make(count, most_tiles)
        size = len(cars.track)
        which = np.zeros(size, np.int64), np.zeros(size, np.int64)
        kept = np.zeros((size, memory)), np.zeros((size, num_state), np.float32)
        return cls(cars, *which, np.zeros((size, 3), np.int64), np.zeros((size, 2)), *kept)


def evaluate_in_lanes(
    name: str, limits: Limits, sight: Sight, networks: Networks, weights: Weights, seeds: Seeds, pool: int = POOL
) -> Returns:
    """Run every network at every weight on every seed, in float32; see `envs.task.Task.evaluate`.

    Args:
        name: of the environment, for messages.
        limits: at which episodes are cut.
        sight: what racers see.
        networks: P programs.
        weights: see `envs.task.Weights`.
        seeds: [R] or [W, R].
        pool: lanes; no result depends on it.
    """

    def play(own_seeds: NDArray[np.int64], queue: Queue) -> None:
        _play(own_seeds, queue, limits, sight, networks, weights, pool)

    return play_in_parts(name, len(networks), weights, seeds, MOST_TRACKS, play)


def observe_in_lanes(sight: Sight, network: Network, weight: float, seed: int) -> NDArray[np.float64]:
    """Inputs [T, I] of the T steps of one network's whole episode, in float32."""
    weights, networks = np.array([weight]), Networks.of([network])
    seen: list[NDArray[np.float64]] = []
    own_seeds, queue = Queue.of(Episodes.of(1, *lane_grid(weights, [seed])))
    _play(own_seeds, queue, Limits(), sight, networks, weights, 1, lambda inputs: seen.append(inputs[0].copy()))
    return np.array(seen)


class Course:
    """The tracks of an evaluation, R of them, and the cars that start on them.

    Attributes:
        roads: as pictures show them.
        tiles: as wheels touch them.
        starts: car r stands on track r, after the step that a reset makes.
    """

    def __init__(self, tracks: list[Track]) -> None:
        self.roads, self.tiles = Roads.of(tracks), Tiles.of(tracks)
        self.most_tiles = max(len(track.tiles) for track in tracks)
        self.starts = Cars.make(len(tracks), self.most_tiles)
        for number, track in enumerate(tracks):
            put(self.starts, SCENE.tables, number, number, track.points[0])
        still, ends = np.zeros((len(self.starts.track), 3), np.float32), np.zeros(len(self.starts.track), np.int64)
        step_cars(self.starts, SCENE.tables, self.tiles.arrays, WHEEL.vertices, still, len(tracks), ends)


def _play(
    seeds: NDArray[np.int64],
    queue: Queue,
    limits: Limits,
    sight: Sight,
    networks: Networks,
    weights: Weights,
    pool: int,
    watch: Callable[[NDArray[np.float64]], None] | None = None,
) -> None:
    """Play all episodes. ``watch`` gets the inputs [n, I] of the n lanes that are left, before each frame."""
    course = Course([make_track(seed) for seed in seeds.tolist()])
    runner = LaneNetworks(networks, weights)
    lanes = Lanes.make(min(pool, len(queue.worlds)), course.most_tiles, sight.memory, runner.num_state)
    size = len(lanes.counts)
    places = np.arange(size)
    inputs, outputs = np.empty((size, networks.num_inputs)), np.empty((size, networks.num_outputs), np.float32)
    cut = limits.max_steps or MAX_STEPS, limits.stall_steps or _NO_LIMIT
    live = begun = fill(lanes, course.starts, queue)
    fixed = course.starts, SCENE.tables, course.tiles.arrays, WHEEL.vertices, queue
    while live:
        seen, answers = inputs[:live], outputs[:live]
        sight.see(course.roads, lanes.cars.poses, lanes.cars.track, lanes.counts[:, STEPS], lanes.memory, seen)
        if watch is not None:
            watch(seen)
        runner.run(places[:live], lanes.networks[:live], lanes.settings[:live], seen, lanes.state, answers)
        live, begun = step_lanes(lanes, *fixed, seen, answers, cut, begun)


@jit
def fill(lanes, starts, queue):
    """Begin the first episodes, one in each lane; return their number."""
    count = min(len(lanes.counts), len(queue.worlds))
    for lane in range(count):
        _begin(lanes, lane, starts, queue, lane)
    return count


@part
def _begin(lanes, lane, starts, queue, episode):
    copy_car(starts, queue.worlds[episode], lanes.cars, lane)
    lanes.counts[lane, EPISODE] = episode
    lanes.networks[lane] = queue.networks[episode]
    lanes.settings[lane] = queue.settings[episode]
    lanes.counts[lane, STEPS] = lanes.counts[lane, BEST_STEP] = 0
    lanes.sums[lane, RETURN], lanes.sums[lane, BEST] = 0, -np.inf
    lanes.state[lane, :] = 0


@part
def _move(lanes, source, lane):
    """Let the episode of one lane go on in another."""
    copy_car(lanes.cars, source, lanes.cars, lane)
    lanes.networks[lane], lanes.settings[lane] = lanes.networks[source], lanes.settings[source]
    lanes.counts[lane, :] = lanes.counts[source]
    lanes.sums[lane, :] = lanes.sums[source]
    lanes.memory[lane, :] = lanes.memory[source]
    lanes.state[lane, :] = lanes.state[source]


@jit
def step_lanes(lanes, starts, tables, tiles, wheel, queue, inputs, outputs, cut, begun):
    """Step the episodes of all live lanes once, and begin others where they end.

    Args:
        lanes: see `Lanes`; the first ones play.
        starts: see `Course`.
        tables, tiles, wheel: as `step_cars` takes them.
        queue: see `Queue`; what becomes of episodes is written.
        inputs: [live, I] that networks saw.
        outputs: [live, 3] float32 that they answered.
        cut: steps after which an episode ends, and steps without a new maximum of its return.
        begun: episodes of the queue that have begun.

    Returns:
        The number of lanes that go on, and of episodes that have begun.
    """
    live = len(outputs)
    actions, failed = np.zeros((live, 3), np.float32), np.zeros(live, np.int64)
    for lane in range(live):
        failed[lane] = _act(inputs, outputs, lane, actions)
    ends = np.zeros(live, np.int64)
    step_cars(lanes.cars, tables, tiles, wheel, actions, live, ends)
    for lane in range(live - 1, -1, -1):
        if not _is_over(lanes, lane, ends[lane], failed[lane], cut):
            continue
        _record(lanes, lane, queue, ends[lane], failed[lane])
        if begun < len(queue.worlds):
            _begin(lanes, lane, starts, queue, begun)
            begun += 1
        else:
            live -= 1
            if lane < live:
                _move(lanes, live, lane)
    return live, begun


@inner
def _act(inputs, outputs, lane, actions):
    """Write the action of a lane, as `envs.box2d.racer.task.to_actions` does; return why there is none, or `PLAYED`."""
    for i in range(inputs.shape[1]):
        if not np.isfinite(inputs[lane, i]):
            return NOT_SEEN
    for o in range(3):
        if np.isnan(outputs[lane, o]):
            return NOT_SAID
    one = np.float32(1)
    steer, gas, brake = outputs[lane, 0], outputs[lane, 1], outputs[lane, 2]
    actions[lane, 0] = min(max(steer, -one), one)
    actions[lane, 1] = (min(max(gas, -one), one) + one) / np.float32(2)
    actions[lane, 2] = min(max(brake, np.float32(0)), one)
    return PLAYED


@inner
def _is_over(lanes, lane, end, failed, cut):
    """Count the step of a lane; return whether it was the last one of its episode."""
    if failed != PLAYED:
        return True
    lanes.sums[lane, RETURN] += take_reward(lanes.cars, lane, end)
    lanes.counts[lane, STEPS] += 1
    if lanes.sums[lane, RETURN] > lanes.sums[lane, BEST]:
        lanes.sums[lane, BEST] = lanes.sums[lane, RETURN]
        lanes.counts[lane, BEST_STEP] = lanes.counts[lane, STEPS]
    steps = lanes.counts[lane, STEPS]
    return end != 0 or steps >= min(cut[0], MAX_STEPS) or steps - lanes.counts[lane, BEST_STEP] >= cut[1]


@inner
def _record(lanes, lane, queue, end, failed):
    episode = lanes.counts[lane, EPISODE]
    queue.steps[episode] = lanes.counts[lane, STEPS]
    queue.falls[episode] = failed == PLAYED and end == LEFT_FIELD
    queue.outcomes[episode] = failed
    queue.returns[episode] = lanes.sums[lane, RETURN] if failed == PLAYED else np.nan
