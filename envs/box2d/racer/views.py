"""The choices of what a racer sees, and the names of those inputs."""

from __future__ import annotations

from wann.errors import UserError, did_you_mean

LATENTS = 16  # of a frame
PLAIN, PREVIOUS, DASHBOARD = "latents", "latents+previous", "latents+dashboard"
VIEWS = (PLAIN, PREVIOUS, DASHBOARD)
DASHBOARD_NAMES = (
    "speed",
    "front left wheel",
    "front right wheel",
    "rear left wheel",
    "rear right wheel",
    "steering",
    "turning",
)

_LATENT_NAMES = tuple(f"latent {number}" for number in range(1, LATENTS + 1))
_NAMES = {
    PLAIN: _LATENT_NAMES,
    PREVIOUS: (*_LATENT_NAMES, *(f"change of {name}" for name in _LATENT_NAMES)),
    DASHBOARD: (*_LATENT_NAMES, *DASHBOARD_NAMES),
}


def input_names(view: str) -> tuple[str, ...]:
    """Names of the inputs of a view.

    Raises:
        UserError: there is no such view.
    """
    if view not in VIEWS:
        found = f"{view!r}{did_you_mean(view, VIEWS)}"
        raise UserError(key="task.inputs", expected=f"one of {', '.join(VIEWS)}", found=found)
    return _NAMES[view]
