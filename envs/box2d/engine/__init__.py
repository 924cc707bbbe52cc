"""Box2D in lanes: many small worlds of one scene step at once, with the bits of Box2D itself.

The algorithm is that of Box2D 2.3 by Erin Catto (https://box2d.org, zlib licence; see NOTICE): its equations and its
order of operations in float32, written anew for lanes. Not the whole of it: bodies are polygons held together by
revolute joints with motor and limit. On x86-64 Linux every position and velocity has the bits of the Python binding.

How to use it:

1. Describe the scene: `scene.Scene` of `scene.Body` and `scene.RevoluteJoint`, in order of creation. ``scene.tables``
   are what kernels read, with bodies and joints in the order in which Box2D solves them; ``scene.row_of(body)`` and
   ``scene.joint_row_of(joint)`` tell where a body or joint stands.
2. A group of `vectors.LANES` lanes has a state: one flat float32 array, ``row * LANES + lane``. `rows` names its rows.
   Body b has `rows.BODY` of them from ``at + BODY * b`` on, joint j `rows.JOINT` from ``at + BODY * B + JOINT * j`` on;
   ``at`` is the row at which the group begins, so that one array can hold many groups, and rows of the task's own.
   `group_rows` is the number of rows of bodies and joints.
3. In a kernel: `bodies.place` creates a body in one lane (all rows of joints must be zero before the first step, except
   motors). Each step, set ``MOTOR_SPEED`` and ``MAX_TORQUE`` of the joints, add forces to ``FORCE_X``, ``FORCE_Y`` and
   ``TORQUE`` of the bodies (they are cleared by the step), and call `island.step_joints(state, at, tables, limited)`,
   with ``limited`` a bool array [J] to work in. Where bodies touch the ground, a group has `ground_rows` more rows,
   `ground.clear_lane` and `collide.enclose` begin a lane, `island.step` takes its place, and a lane whose row
   ``OVERFLOW`` is set had no room for a contact: its numbers mean nothing from then on.
4. After a step X, Y, ANGLE are the centre of mass and the angle, ORIGIN_X, ORIGIN_Y, SIN, COS the transform,
   VELOCITY_X, VELOCITY_Y, SPIN the velocity. The angle of a joint is ``(angle of B - angle of A) - tables.joints[j,
   REFERENCE]``, its speed the difference of spins.

Setting a motor wakes the bodies in Box2D, and every step of a task sets them, so a step begins awake; a group that
comes to rest has no velocity afterwards. `vectors` explains how code over lanes is written: ``load``, arithmetic,
``select``, ``store``. Constants must be float32 (``f32(0.5)``), or arithmetic would be float64.
"""

from __future__ import annotations

from envs.box2d.engine.rows import BODY, JOINT, LANE, TOUCH
from envs.box2d.engine.scene import Scene


def group_rows(scene: Scene) -> int:
    """Rows that the bodies and joints of a scene take in a group's state."""
    return BODY * len(scene.bodies) + JOINT * len(scene.joints)


def ground_rows(scene: Scene) -> int:
    """Rows that follow them in a scene whose bodies touch the ground.

    Raises:
        ValueError: its bodies touch nothing.
    """
    if scene.ground_friction is None:
        raise ValueError("expected a scene with the friction of its ground, found one whose bodies touch nothing")
    return TOUCH * len(scene.bodies) + LANE
