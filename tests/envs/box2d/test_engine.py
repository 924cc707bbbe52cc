"""The lane engine by its pieces, against Box2D's own Python binding: every number of every step, bit by bit.

Each piece is a small world in every lane, and the same world in the binding. Where the platform rounds otherwise (see
`envs.box2d.simulators.has_gymnasiums_bits`), short histories agree closely.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from numba import TypingError

pytest.importorskip("Box2D")
import Box2D

from envs.box2d.engine import ground_rows, group_rows
from envs.box2d.engine.bodies import place
from envs.box2d.engine.collide import enclose
from envs.box2d.engine.ground import EDGE, POLYGON, Grounds, describe_edge, describe_polygon
from envs.box2d.engine.island import Work
from envs.box2d.engine.places import contact_row, lane_row
from envs.box2d.engine.rows import (
    ANGLE,
    AWAKE,
    BODY,
    CONTACTS,
    JOINT,
    LANE,
    MAX_TORQUE,
    MOTOR_SPEED,
    OVERFLOW,
    SPIN,
    VELOCITY_X,
    VELOCITY_Y,
    X,
    Y,
)
from envs.box2d.engine.scene import Body, Fixture, MassData, Polygon, RevoluteJoint, Scene
from envs.box2d.engine.sines import scalar_sine_and_cosine, sine_and_cosine
from envs.box2d.engine.vectors import LANES, load, store
from envs.box2d.simulators import has_gymnasiums_bits
from lane_stepping import step_group
from wann.kernels.jit import uncached

SAME = has_gymnasiums_bits()
COMPILES = pytest.mark.slow  # half a minute where nothing is cached; whole walkers, in the fast tests, have all pieces
FRICTION = 0.9
BOX = ((-0.3, -0.2), (0.3, -0.2), (0.3, 0.2), (-0.3, 0.2))
KITE = ((0.5, 0.0), (0.0, 0.25), (-0.4, 0.1), (-0.3, -0.2), (0.1, -0.3))


def assert_same(found, expected, steps: int) -> None:
    """Equal; elsewhere than on x86-64 Linux close, as far as that can be said of so many steps."""
    if SAME:
        np.testing.assert_array_equal(found, expected, err_msg=f"step {steps}")
    elif steps < 10:
        np.testing.assert_allclose(found, expected, atol=1e-3, err_msg=f"step {steps}")


# --- sines ---


@uncached
def sines(angles, sin, cos):
    for row in range(len(angles) // LANES):
        s, c = sine_and_cosine(load(angles, row))
        store(sin, row, s)
        store(cos, row, c)


@uncached
def scalar_sines(angles, sin, cos):
    for i in range(len(angles)):
        sin[i], cos[i] = scalar_sine_and_cosine(angles[i])


@pytest.mark.parametrize(("function", "largest"), [(sines, 119.0), (sines, 1e6), (scalar_sines, 1e30)])
def test_sines_are_those_of_the_c_library(function: Callable, largest: float):
    """A rounding of another kind would show in a millionth of the angles, a wrong coefficient in most."""
    rng = np.random.default_rng(3)
    sizes = rng.uniform(-12, math.log10(largest), 16384)
    angles = (10.0**sizes * rng.choice([-1, 1], len(sizes))).astype(np.float32)
    angles[:8] = [0.0, -0.0, 1e-40, math.pi / 4, -math.pi / 2, math.pi, 0.75, 118.9]
    sin, cos = np.zeros_like(angles), np.zeros_like(angles)
    function(angles, sin, cos)
    np.testing.assert_allclose(sin, np.sin(angles.astype(np.float64)), atol=1e-7)
    np.testing.assert_allclose(cos, np.cos(angles.astype(np.float64)), atol=1e-7)
    if not SAME:
        return
    library = ctypes.CDLL("libm.so.6")
    for name, found in (("sinf", sin), ("cosf", cos)):
        single = getattr(library, name)
        single.argtypes, single.restype = [ctypes.c_float], ctypes.c_float
        expected = np.array([single(angle) for angle in angles.tolist()], np.float32)
        np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))


# --- shapes and masses ---


def points_of(count: int, seed: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    return [(float(x), float(y)) for x, y in np.c_[np.cos(angles), 0.7 * np.sin(angles)] * rng.uniform(0.5, 2)]


@pytest.mark.parametrize("points", [BOX, KITE, *(points_of(n, n) for n in (3, 5, 8))], ids=lambda p: f"{len(p)}")
def test_polygons_and_their_masses_are_the_bindings(points):
    ours, theirs = Polygon.of(points), Box2D.b2PolygonShape(vertices=points)
    np.testing.assert_array_equal(ours.vertices, np.array(theirs.vertices, np.float32))
    np.testing.assert_array_equal(ours.normals, np.array(theirs.normals, np.float32))
    np.testing.assert_array_equal(ours.centroid, np.array(theirs.centroid, np.float32))
    other = Polygon.box(0.25, 0.5)
    mass = MassData.of([Fixture(ours, 2.0), Fixture(other, 0.7)])
    world = Box2D.b2World()  # kept, since bodies do not outlive it
    body = world.CreateDynamicBody(position=(1, 2))
    body.CreateFixture(shape=theirs, density=2.0)
    body.CreateFixture(shape=Box2D.b2PolygonShape(box=(0.25, 0.5)), density=0.7)
    assert mass.inverse_mass == np.float32(1) / np.float32(body.mass)
    np.testing.assert_array_equal(mass.center, np.array(body.localCenter, np.float32))
    # The binding tells the inertia around the origin; ours is the inverse of that around the centre.
    around_center = body.inertia - body.mass * (body.localCenter[0] ** 2 + body.localCenter[1] ** 2)
    assert 1 / mass.inverse_inertia == pytest.approx(around_center, rel=1e-5)


def test_scenes_that_cannot_be_solved_are_refused():
    body = Body((0, 0), 0.0, (Fixture(Polygon.of(BOX), 1.0),))
    with pytest.raises(ValueError, match="connect all 2 bodies, found only 1"):
        Scene((body, body), (), (0, -10), 0.02, 10, 10)
    with pytest.raises(ValueError, match="joint 0: expected a range of angles"):
        Scene((body, body), (RevoluteJoint(0, 1, (0, 0), (1, 0), 0.1, 0.11),), (0, -10), 0.02, 10, 10)


def test_scenes_that_do_not_fit_the_tables_are_refused():
    """Contacts know one fixture of a body; tables have room for eight corners."""
    fixture = Fixture(Polygon.of(BOX), 1.0)
    settings = (0, -10), 0.02, 10, 10
    two = (Body((0, 0), 0.0, (fixture, fixture)),)
    with pytest.raises(ValueError, match="body 0: expected one fixture, since it touches the ground, found 2"):
        Scene(two, (), *settings, ground_friction=FRICTION)
    with pytest.raises(ValueError, match="body 0: expected a fixture, found 0"):
        Scene((Body((0, 0), 0.0, ()),), (), *settings)
    with pytest.raises(ValueError, match="whose bodies touch nothing"):
        ground_rows(Scene(two, (), *settings))
    circle = [(math.cos(angle), math.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 9, endpoint=False).tolist()]
    for points, found in ((circle, 9), ([(0, 0), (1, 1), (2, 2)], 2), ([(1, 1)], 1), ([], 0)):
        with pytest.raises(ValueError, match=f"hull has 3 to 8 corners, found {found}"):
            Polygon.of(points)


@pytest.mark.parametrize("copies", [True, False], ids=["load", "store"])
@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros(LANES), "array(float64, 1d, C)"),
        (np.zeros((1, LANES), np.float32), "array(float32, 2d, C)"),
        (np.zeros(2 * LANES, np.float32)[::2], "array(float32, 1d, A)"),
    ],
    ids=["float64", "2d", "strided"],
)
def test_rows_of_other_arrays_are_refused(array, found, copies):
    """They would be read as other numbers."""
    rows = np.zeros(LANES, np.float32)
    expected = f"{'load' if copies else 'store'}: expected a contiguous array [rows * 16] of float32, found {found}"
    with pytest.raises(TypingError, match=re.escape(expected)):
        copy_row(array, rows) if copies else copy_row(rows, array)


@uncached
def copy_row(source, target):
    store(target, 0, load(source, 0))


# --- worlds ---


@uncached
def begin(state, tables, grounds, starts):
    at = np.int64(0)
    for lane in range(LANES):
        for body in range(len(tables.bodies)):
            x, y, angle = starts[lane, body, 0], starts[lane, body, 1], starts[lane, body, 2]
            place(state, at, tables.bodies, body, lane, x, y, angle)
            enclose(state, at, tables, grounds, body, lane)


@uncached
def fill(grounds, edges, boxes):
    for i in range(len(edges)):
        describe_edge(grounds.edges, 0, i, edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3])
    for i in range(len(boxes)):
        describe_polygon(grounds.polygons, 0, i, boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3])


class Worlds:
    """A scene in all lanes and in as many worlds of the binding, on edges [n, 4] and boxes [m, 4] (l, r, b, t)."""

    def __init__(self, scene: Scene, edges: np.ndarray, boxes: np.ndarray, starts: np.ndarray, speeds: np.ndarray):
        self.scene, self.work, self.steps = scene, Work.of(scene), 0
        self.grounds = Grounds(
            np.zeros((1, len(edges), EDGE), np.float32),
            np.zeros((1, max(len(boxes), 1), POLYGON), np.float32),
            np.array([len(boxes)]),
            float(edges[0, 2] - edges[0, 0]),
        )
        fill(self.grounds, edges, boxes)
        self.state = np.zeros((group_rows(scene) + ground_rows(scene)) * LANES, np.float32)
        self.rows = self.state.reshape(-1, LANES)
        order = scene.island[0]
        begin(self.state, scene.tables, self.grounds, np.ascontiguousarray(starts[:, order]))
        for row, body in enumerate(order):
            for i, r in enumerate((VELOCITY_X, VELOCITY_Y, SPIN)):
                self.rows[BODY * row + r] = speeds[:, body, i]
        self.worlds = [self._world(edges, boxes, starts[lane], speeds[lane]) for lane in range(LANES)]

    def _world(self, edges, boxes, starts, speeds):
        world = Box2D.b2World(gravity=self.scene.gravity)
        for left, right, bottom, top in boxes.tolist():
            corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            world.CreateStaticBody(
                fixtures=Box2D.b2FixtureDef(shape=Box2D.b2PolygonShape(vertices=corners), friction=FRICTION)
            )
        for x1, y1, x2, y2 in edges.tolist():
            edge = Box2D.b2EdgeShape(vertices=[(x1, y1), (x2, y2)])
            world.CreateStaticBody(fixtures=Box2D.b2FixtureDef(shape=edge, friction=FRICTION))
        bodies = []
        for body, (x, y, angle), (vx, vy, spin) in zip(
            self.scene.bodies, starts.tolist(), speeds.tolist(), strict=True
        ):
            vertices = [tuple(map(float, vertex)) for vertex in body.fixtures[0].shape.vertices]
            fixture = Box2D.b2FixtureDef(
                shape=Box2D.b2PolygonShape(vertices=vertices),
                density=body.fixtures[0].density,
                friction=body.fixtures[0].friction,
                categoryBits=32,
                maskBits=1,
            )
            made = world.CreateDynamicBody(position=(x, y), angle=angle, fixtures=fixture)
            made.linearVelocity, made.angularVelocity = (vx, vy), spin
            bodies.append(made)
        joints = [
            world.CreateRevoluteJoint(
                bodyA=bodies[joint.body_a],
                bodyB=bodies[joint.body_b],
                localAnchorA=joint.anchor_a,
                localAnchorB=joint.anchor_b,
                enableMotor=True,
                enableLimit=True,
                lowerAngle=joint.lower,
                upperAngle=joint.upper,
            )
            for joint in self.scene.joints
        ]
        return world, bodies, joints

    def drive(self, joint: int, speeds: np.ndarray, torques: np.ndarray) -> None:
        row = BODY * len(self.scene.bodies) + JOINT * self.scene.joint_row_of(joint)
        self.rows[row + MOTOR_SPEED], self.rows[row + MAX_TORQUE] = speeds, torques
        for (_, _, joints), speed, torque in zip(self.worlds, speeds.tolist(), torques.tolist(), strict=True):
            joints[joint].motorSpeed, joints[joint].maxMotorTorque = speed, torque

    def step(self) -> None:
        """One step of both, which must agree."""
        step_group(self.state, self.scene.tables, self.grounds, self.work)
        for world, bodies, _ in self.worlds:
            for body in bodies:
                body.awake = True  # as the motors of a task do
            world.Step(self.scene.step, self.scene.velocity_iterations, self.scene.position_iterations)
        self.steps += 1
        for number in range(len(self.scene.bodies)):
            row = BODY * self.scene.row_of(number)
            found = self.rows[[row + r for r in (X, Y, ANGLE, VELOCITY_X, VELOCITY_Y, SPIN)]].T
            theirs = [bodies[number] for _, bodies, _ in self.worlds]
            expected = [(*b.worldCenter, b.angle, *b.linearVelocity, b.angularVelocity) for b in theirs]
            assert_same(found, np.array(expected, np.float32), self.steps)

    def kick(self, speeds: np.ndarray) -> None:
        """Give the bodies velocities [LANES, B, 3]."""
        for number in range(len(self.scene.bodies)):
            for i, r in enumerate((VELOCITY_X, VELOCITY_Y, SPIN)):
                self.rows[BODY * self.scene.row_of(number) + r] = speeds[:, number, i]
            for (_, bodies, _), (x, y, spin) in zip(self.worlds, speeds[:, number].tolist(), strict=True):
                bodies[number].linearVelocity, bodies[number].angularVelocity = (x, y), spin

    def contacts(self) -> np.ndarray:
        """[LANES] contacts that exist, of the first body of the island."""
        return self.rows[contact_row(0, self.scene.tables, 0) + CONTACTS]


def one_body(points) -> Scene:
    body = Body((0.0, 0.0), 0.0, (Fixture(Polygon.of(points), 1.5, 0.4),))
    return Scene((body,), (), (0.0, -10.0), 0.02, 30, 20, ground_friction=FRICTION)


def chain(heights) -> np.ndarray:
    """Edges of 1 m in x from x = 0 on."""
    x = np.arange(len(heights))
    return np.c_[x[:-1], heights[:-1], x[1:], heights[1:]].astype(np.float32)


FLAT, NOTHING = chain(np.zeros(9)), np.zeros((0, 4), np.float32)
BUMPS = chain([0.0, 0.2, 0.0, -0.3, 0.1, 0.1, 0.5, 0.0, 0.2])


def thrown(rng, lowest: float, speed: float) -> tuple[np.ndarray, np.ndarray]:
    """Places [LANES, 1, 3] above the ground, and velocities."""
    places = np.c_[rng.uniform(2, 6, LANES), rng.uniform(lowest, lowest + 1.5, LANES), rng.uniform(-3, 3, LANES)]
    speeds = np.c_[rng.normal(0, speed, LANES), rng.uniform(-speed, 0, LANES), rng.normal(0, 4, LANES)]
    return places[:, None].astype(np.float32), speeds[:, None].astype(np.float32)


@COMPILES
def test_a_joint_swings_and_meets_its_limits():
    rng = np.random.default_rng(1)
    bodies = tuple(
        Body((x, 50.0), angle, (Fixture(Polygon.of(points), 1.0),))
        for x, angle, points in ((4.0, 0.0, KITE), (4.5, 0.3, BOX), (5.0, -0.2, BOX))
    )
    joints = (
        RevoluteJoint(0, 1, (0.4, 0.0), (-0.2, 0.1), -0.7, 0.9),
        RevoluteJoint(1, 2, (0.3, 0.0), (-0.3, 0.0), -0.2, 0.4),
    )
    scene = Scene(bodies, joints, (0.0, -10.0), 0.02, 40, 20, ground_friction=FRICTION)
    starts = np.array([[(*body.position, body.angle) for body in bodies]] * LANES, np.float32)
    worlds = Worlds(scene, FLAT, NOTHING, starts, rng.normal(0, 2, (LANES, 3, 3)).astype(np.float32))
    limited = set()
    for turn in range(60):
        if turn % 6 == 0:
            for joint in range(2):
                worlds.drive(
                    joint, rng.normal(0, 6, LANES).astype(np.float32), rng.uniform(0, 9, LANES).astype(np.float32)
                )
        worlds.step()
        for joint in range(2):
            limited |= {(joint, *np.unique(worlds.rows[BODY * 3 + JOINT * scene.joint_row_of(joint) + 4]).tolist())}
    assert len(limited) > 2, "joints at no limit, at the lower and at the upper one"


@COMPILES
@pytest.mark.parametrize("edges", [FLAT, BUMPS], ids=["flat", "bumps"])
@pytest.mark.parametrize("points", [BOX, KITE], ids=["box", "kite"])
def test_a_polygon_falls_on_edges(points, edges):
    """Contacts of one and two points, warm starting, friction, sleep."""
    starts, speeds = thrown(np.random.default_rng(2), 0.9, 2.0)
    worlds = Worlds(one_body(points), edges, NOTHING, starts, speeds)
    for _ in range(90):
        worlds.step()
    assert (worlds.contacts() > 0).any()


@COMPILES
@pytest.mark.parametrize("points", [BOX, KITE], ids=["box", "kite"])
def test_a_polygon_falls_on_polygons(points):
    boxes = np.array(
        [(1.5, 3.2, 0.0, 0.6), (3.2, 4.1, 0.0, 1.0), (4.6, 5.5, -0.5, 0.4), (5.5, 7.0, 0.0, 0.2)], np.float32
    )
    starts, speeds = thrown(np.random.default_rng(4), 1.7, 2.0)
    worlds = Worlds(one_body(points), FLAT, boxes, starts, speeds)
    for _ in range(90):
        worlds.step()
    assert (worlds.contacts() > 0).any()


@COMPILES
@pytest.mark.parametrize("boxes", [NOTHING, np.array([(1.0, 7.0, -0.4, -0.1)], np.float32)], ids=["edges", "polygons"])
def test_an_impact_at_speed(boxes):
    """Without continuous collision these fall through; with it they stay above."""
    starts, speeds = thrown(np.random.default_rng(5), 1.5, 40.0)
    speeds[:, 0, 0] *= 0.1
    speeds[:, 0, 1] = np.minimum(speeds[:, 0, 1], -25)
    worlds = Worlds(one_body(BOX), FLAT - np.array([0, 5, 0, 5], np.float32) * bool(len(boxes)), boxes, starts, speeds)
    for _ in range(25):
        worlds.step()
    inside = (worlds.rows[X] > 1.5) & (worlds.rows[X] < 6.5)
    assert inside.sum() > 8 and (worlds.rows[Y][inside] > -0.2).all()


@COMPILES
def test_an_impact_after_sleep():
    """A body that fell asleep has continuous collision again once it is thrown, also against what it lies on."""
    rng = np.random.default_rng(6)
    starts, _ = thrown(rng, 0.25, 0.0)
    starts[:, 0, 2] = 0
    starts[:, 0, 1] = 0.21
    worlds = Worlds(one_body(BOX), FLAT, NOTHING, starts, np.zeros((LANES, 1, 3), np.float32))
    for _ in range(150):
        worlds.step()
    assert (worlds.rows[AWAKE] == 0).sum() > 8, "most of them sleep"
    for _ in range(3):
        worlds.kick(np.c_[rng.normal(0, 3, LANES), rng.uniform(2, 6, LANES), rng.normal(0, 25, LANES)][:, None])
        for _ in range(4):
            worlds.step()
        worlds.kick(np.c_[rng.normal(0, 3, LANES), rng.uniform(-40, -25, LANES), rng.normal(0, 25, LANES)][:, None])
        for _ in range(50):
            worlds.step()


@COMPILES
def test_too_many_contacts_are_noted():
    """Nine shapes near one body: the row says so in that lane, and in no other."""
    boxes = np.array([(3 + 0.01 * i, 3.5 + 0.01 * i, -1.0, 0.0) for i in range(9)], np.float32)
    starts = np.tile(np.array([3.2, 0.3, 0.0], np.float32), (LANES, 1, 1))
    starts[1:, 0, 1] = 50
    worlds = Worlds(
        one_body(BOX), FLAT - np.array([0, 5, 0, 5], np.float32), boxes, starts, np.zeros((LANES, 1, 3), np.float32)
    )
    found = worlds.rows[lane_row(0, worlds.scene.tables) + OVERFLOW]
    assert found.tolist() == [1.0] + [0.0] * (LANES - 1)
    assert len(worlds.rows) == lane_row(0, worlds.scene.tables) + LANE
