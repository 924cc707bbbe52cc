"""The tables of a scene: masses of its bodies, geometry of its joints, and the order in which Box2D solves them.

All numbers are float32, calculated in Box2D's order of operations, so that they are the bits of its own bodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.rows import MAX_CORNERS

f32 = np.float32

# Columns of `Tables.bodies`.
INVERSE_MASS, INVERSE_INERTIA, CENTER_X, CENTER_Y, GRAVITY_X, GRAVITY_Y, KEPT_VELOCITY, KEPT_SPIN = range(8)
# Columns of `Tables.joints`. Anchors are relative to the centres of mass.
ANCHOR_A_X, ANCHOR_A_Y, ANCHOR_B_X, ANCHOR_B_Y, REFERENCE, LOWER, UPPER, MOTOR_SPEED, MAX_TORQUE = range(9)

ANGULAR_SLOP = f32(f32(f32(2.0) / f32(180.0)) * f32(3.14159265359))


class Tables(NamedTuple):
    """What kernels read of a scene. Bodies and joints stand in the order of the island."""

    bodies: NDArray[np.float32]  # [B, 8]
    joints: NDArray[np.float32]  # [J, 9]
    ends: NDArray[np.int64]  # [J, 2] the bodies A and B of each joint
    starts: NDArray[np.float32]  # [B, 3] x, y and angle at which each body is created
    corners: NDArray[np.int64]  # [B] number of vertices of each body's polygon
    vertices: NDArray[np.float32]  # [B, 8, 2] its first fixture's, padded; the only one where bodies touch the ground
    normals: NDArray[np.float32]  # [B, 8, 2]
    centroids: NDArray[np.float32]  # [B, 2]
    reach: NDArray[np.float32]  # [B] distance of the furthest vertex from the centre of mass, or a little more
    friction: NDArray[np.float32]  # [B] with the ground
    step: float  # seconds, a float32
    velocity_iterations: int
    position_iterations: int


@dataclass(frozen=True)
class Polygon:
    """b2PolygonShape: vertices against the clock, the normals of the edges that begin at them, and the centroid."""

    vertices: NDArray[np.float32]  # [n, 2]
    normals: NDArray[np.float32]  # [n, 2]
    centroid: NDArray[np.float32]  # [2]

    def __len__(self) -> int:
        return len(self.vertices)

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]]) -> Polygon:
        """b2PolygonShape::Set: the convex hull of points, from the rightmost one on.

        Raises:
            ValueError: the hull is a point or a line, or has more corners than tables have room for.
        """
        array = np.array(points, np.float32).reshape(-1, 2)
        vertices = _hull(array) if len(points) else array
        if not 3 <= len(vertices) <= MAX_CORNERS:
            raise ValueError(f"expected a polygon whose hull has 3 to {MAX_CORNERS} corners, found {len(vertices)}")
        normals = np.empty_like(vertices)
        for i in range(len(vertices)):
            edge = vertices[(i + 1) % len(vertices)] - vertices[i]
            x, y = edge[1], -edge[0]
            inverse = f32(1) / np.sqrt(x * x + y * y)
            normals[i] = x * inverse, y * inverse
        return cls(vertices, normals, _centroid(vertices))

    @classmethod
    def box(cls, half_width: float, half_height: float) -> Polygon:
        """b2PolygonShape::SetAsBox, around the origin."""
        x, y = f32(half_width), f32(half_height)
        vertices = np.array([(-x, -y), (x, -y), (x, y), (-x, y)], np.float32)
        normals = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)], np.float32)
        return cls(vertices, normals, np.zeros(2, np.float32))


def _padded(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n, 2] with zeros up to [8, 2]."""
    return np.concatenate([points, np.zeros((MAX_CORNERS - len(points), 2), np.float32)])


def _hull(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gift wrapping."""
    first = 0
    for i in range(1, len(points)):
        if points[i, 0] > points[first, 0] or (points[i, 0] == points[first, 0] and points[i, 1] < points[first, 1]):
            first = i
    hull = [first]
    while True:
        here, following = hull[-1], 0
        for j in range(1, len(points)):
            if following == here:
                following = j
                continue
            r, v = points[following] - points[here], points[j] - points[here]
            cross = r[0] * v[1] - r[1] * v[0]
            if cross < 0 or (cross == 0 and v[0] * v[0] + v[1] * v[1] > r[0] * r[0] + r[1] * r[1]):
                following = j
        if following == first:
            return points[hull]
        hull.append(following)


def _centroid(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """The area-weighted mean of the triangles between the origin and each edge."""
    third = f32(1) / f32(3)
    x, y, area = f32(0), f32(0), f32(0)
    for i in range(len(vertices)):
        p, q = vertices[i], vertices[(i + 1) % len(vertices)]
        triangle = f32(0.5) * (p[0] * q[1] - p[1] * q[0])
        area += triangle
        share = triangle * third
        x += share * (p[0] + q[0])
        y += share * (p[1] + q[1])
    inverse = f32(1) / area
    return np.array([x * inverse, y * inverse], np.float32)


@dataclass(frozen=True)
class Fixture:
    """A polygon with the mass of its area. Friction and restitution matter in scenes with contacts only."""

    shape: Polygon
    density: float
    friction: float = 0.2


@dataclass(frozen=True)
class Body:
    """A dynamic body as it is created: the position of its origin, and its fixtures in order of creation."""

    position: tuple[float, float]
    angle: float
    fixtures: tuple[Fixture, ...]
    linear_damping: float = 0.0
    angular_damping: float = 0.0


@dataclass(frozen=True)
class RevoluteJoint:
    """A joint with motor and limit between the bodies of two indices (in order of creation).

    As in the Python binding, the angle at which bodies are created is the joint's zero.
    """

    body_a: int
    body_b: int
    anchor_a: tuple[float, float]  # from the bodies' origins
    anchor_b: tuple[float, float]
    lower: float
    upper: float
    motor_speed: float = 0.0
    max_torque: float = 0.0


@dataclass(frozen=True)
class MassData:
    """The mass of a body, as `b2Body` keeps it."""

    inverse_mass: np.float32
    inverse_inertia: np.float32
    center: NDArray[np.float32]  # [2] from the body's origin

    @classmethod
    def of(cls, fixtures: Sequence[Fixture]) -> MassData:
        """b2Body::ResetMassData: fixtures are summed from the newest to the oldest."""
        mass, x, y, inertia = f32(0), f32(0), f32(0), f32(0)
        for fixture in reversed(fixtures):
            own, (own_x, own_y), own_inertia = _mass_of_polygon(fixture.shape.vertices, f32(fixture.density))
            mass += own
            x += own * own_x
            y += own * own_y
            inertia += own_inertia
        inverse = f32(1) / mass
        x, y = x * inverse, y * inverse
        inertia -= mass * (x * x + y * y)
        return cls(inverse, f32(1) / inertia, np.array([x, y], np.float32))


def _mass_of_polygon(
    vertices: NDArray[np.float32], density: np.float32
) -> tuple[np.float32, tuple[np.float32, np.float32], np.float32]:
    """b2PolygonShape::ComputeMass: mass, centre, and inertia around the body's origin."""
    third = f32(1) / f32(3)
    sx, sy = f32(0), f32(0)
    for vertex in vertices:
        sx += vertex[0]
        sy += vertex[1]
    share = f32(1) / f32(len(vertices))
    sx, sy = sx * share, sy * share
    x, y, area, inertia = f32(0), f32(0), f32(0), f32(0)
    for i in range(len(vertices)):
        p, q = vertices[i], vertices[(i + 1) % len(vertices)]
        px, py, qx, qy = p[0] - sx, p[1] - sy, q[0] - sx, q[1] - sy
        cross = px * qy - py * qx
        triangle = f32(0.5) * cross
        area += triangle
        weight = triangle * third
        x += weight * (px + qx)
        y += weight * (py + qy)
        square_x = px * px + qx * px + qx * qx
        square_y = py * py + qy * py + qy * qy
        inertia += (f32(0.25) * third * cross) * (square_x + square_y)
    mass = density * area
    inverse = f32(1) / area
    x, y = x * inverse, y * inverse
    center_x, center_y = x + sx, y + sy
    inertia = density * inertia
    inertia += mass * ((center_x * center_x + center_y * center_y) - (x * x + y * y))
    return mass, (center_x, center_y), inertia


@dataclass(frozen=True)
class Scene:
    """Bodies held together by joints, in order of creation, and the settings of `b2World::Step`.

    Attributes:
        bodies: their order is that of creation.
        joints: likewise.
        gravity: m/s^2.
        step: seconds.
        velocity_iterations: of a step.
        position_iterations: of a step, at most.
        ground_friction: of the ground that bodies touch; None if they touch nothing.

    Raises:
        ValueError: a body has no fixture, or several where it touches the ground; the joints do not connect all bodies,
            or a joint's limits are as good as equal.
    """

    bodies: tuple[Body, ...]
    joints: tuple[RevoluteJoint, ...]
    gravity: tuple[float, float]
    step: float
    velocity_iterations: int
    position_iterations: int
    ground_friction: float | None = None
    _masses: dict[int, MassData] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for number, body in enumerate(self.bodies):
            if not body.fixtures or (self.ground_friction is not None and len(body.fixtures) > 1):
                expected = "a fixture" if self.ground_friction is None else "one fixture, since it touches the ground"
                raise ValueError(f"body {number}: expected {expected}, found {len(body.fixtures)}")
        bodies, _ = self.island
        if len(bodies) != len(self.bodies):
            raise ValueError(f"expected joints that connect all {len(self.bodies)} bodies, found only {len(bodies)}")
        for number, joint in enumerate(self.joints):
            if not abs(joint.upper - joint.lower) > 2 * ANGULAR_SLOP:
                raise ValueError(f"joint {number}: expected a range of angles above 4 degrees")

    @cached_property
    def island(self) -> tuple[list[int], list[int]]:
        """Bodies and joints in the order of b2World::Solve: depth first from the newest body, newest joints first."""
        bodies: list[int] = []
        joints: list[int] = []
        stack, seen = [len(self.bodies) - 1], {len(self.bodies) - 1}
        while stack:
            body = stack.pop()
            bodies.append(body)
            for number in reversed(range(len(self.joints))):
                ends = self.joints[number].body_a, self.joints[number].body_b
                if body not in ends or number in joints:
                    continue
                joints.append(number)
                other = ends[0] if ends[1] == body else ends[1]
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return bodies, joints

    def row_of(self, body: int) -> int:
        """The place in the island, and so in every table, of a body given by its order of creation."""
        return self.island[0].index(body)

    def joint_row_of(self, joint: int) -> int:
        """The place in the island of a joint given by its order of creation."""
        return self.island[1].index(joint)

    def mass(self, body: int) -> MassData:
        """The mass of a body given by its order of creation."""
        if body not in self._masses:
            self._masses[body] = MassData.of(self.bodies[body].fixtures)
        return self._masses[body]

    @cached_property
    def tables(self) -> Tables:
        """The scene as kernels read it."""
        order, joint_order = self.island
        fixtures = [self.bodies[body].fixtures[0] for body in order]
        shapes = [fixture.shape for fixture in fixtures]
        return Tables(
            np.array([self._body_columns(body) for body in order], np.float32),
            np.array([self._joint_columns(self.joints[joint]) for joint in joint_order], np.float32).reshape(-1, 9),
            np.array(
                [
                    [self.row_of(self.joints[joint].body_a), self.row_of(self.joints[joint].body_b)]
                    for joint in joint_order
                ],
                np.int64,
            ).reshape(-1, 2),
            np.array([(*self.bodies[body].position, self.bodies[body].angle) for body in order], np.float32),
            np.array([len(shape) for shape in shapes], np.int64),
            np.stack([_padded(shape.vertices) for shape in shapes]),
            np.stack([_padded(shape.normals) for shape in shapes]),
            np.stack([shape.centroid for shape in shapes]),
            np.array([self._reach(body) for body in order], np.float32),
            np.array(
                [np.sqrt(f32(self.ground_friction or 0) * f32(fixture.friction)) for fixture in fixtures], np.float32
            ),
            float(f32(self.step)),
            self.velocity_iterations,
            self.position_iterations,
        )

    def _reach(self, body: int) -> float:
        offsets = self.bodies[body].fixtures[0].shape.vertices - self.mass(body).center
        return 1.001 * float(np.hypot(offsets[:, 0], offsets[:, 1]).max())

    def _body_columns(self, number: int) -> list[np.float32]:
        body, mass, step = self.bodies[number], self.mass(number), f32(self.step)
        kept = [
            max(f32(0), min(f32(1) - step * f32(damping), f32(1)))
            for damping in (body.linear_damping, body.angular_damping)
        ]
        return [
            mass.inverse_mass,
            mass.inverse_inertia,
            *mass.center,
            f32(self.gravity[0]),
            f32(self.gravity[1]),
            *kept,
        ]

    def _joint_columns(self, joint: RevoluteJoint) -> list[np.float32]:
        anchor_a = np.array(joint.anchor_a, np.float32) - self.mass(joint.body_a).center
        anchor_b = np.array(joint.anchor_b, np.float32) - self.mass(joint.body_b).center
        reference = float(f32(self.bodies[joint.body_b].angle)) - float(f32(self.bodies[joint.body_a].angle))
        numbers = reference, joint.lower, joint.upper, joint.motor_speed, joint.max_torque
        return [*anchor_a, *anchor_b, *map(f32, numbers)]
