"""The sections that change no result: the place of evaluation, and the records of a run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from configs.schema.section import Count, Number, Section, Switch, Text, Whole, mistake
from wann.errors import did_you_mean

# Keys of Ray's runtime_env that the user may set.
RUNTIME_ENV = ("pip", "uv", "conda", "env_vars", "image_uri", "py_modules")


class WorkersConfig(Section):
    """The place of evaluation. These keys do not change results."""

    evaluator: Literal["inline", "ray"] = "ray"
    """inline: evaluate in this process. ray: evaluate on Ray actors."""
    num_workers: Count | None = None
    """Number of Ray actors; one per CPU if null."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Hardware for evaluation. Only auto falls back to the hardware that is present."""
    device_megabytes: Count = 1024
    """Limit on the GPU memory of a chunk of networks, or of images for gradients. A lower limit changes no result. At
    least one network and 1024 images are held at once."""
    address: Text | None = None
    """Ray cluster to join: HOST:PORT, ray://HOST:PORT (as a client), or auto for a cluster started on this machine. If
    null, a search that runs as a submitted job uses its cluster; otherwise a local one is started."""
    runtime_env: dict[Text, Any] = Field(default_factory=dict)
    """Ray's runtime environment for workers on a cluster's nodes: pip, uv, conda, env_vars, image_uri or py_modules.
    The project's sources, a task's own module and its data files are sent without it. List in py_modules the modules
    that those import and the nodes lack."""
    timeout_seconds: Annotated[Number, Field(gt=0)] = 600.0
    """Longest time that one chunk may take before its worker is considered hung (s)."""
    parallel: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """Number of searches of replicates or a sweep that run at the same time, each in its own process with its share of
    the workers."""

    @field_validator("runtime_env")
    @classmethod
    def _what_is_not_sent_by_itself(cls, settings: dict[str, Any]) -> dict[str, Any]:
        for name in settings:
            if name not in RUNTIME_ENV:
                raise mistake(f"keys among {', '.join(RUNTIME_ENV)}", f"{name!r}{did_you_mean(name, RUNTIME_ENV)}")
        return settings


class LoggingConfig(Section):
    """Records of a run besides its results. These keys do not change results."""

    tensorboard: Switch = True
    """Write TensorBoard events beside metrics.jsonl."""
    progress: Switch = True
    """Show the live display, or plain lines if the output is not a terminal."""
    report: Switch = False
    """Write the page of `inspect_champion.py` once the champion is found, into ``report`` of the run directory, and
    print the commands that look further. This needs a run of one champion in a directory of this machine."""
    checkpoint_every: Count = 1
    """Generations between checkpoints, at least."""
    checkpoint_seconds: Annotated[Number, Field(ge=0)] = 1.0
    """Minimal time between two checkpoints, as writing one may take longer than a short generation (s). A crash loses
    the generations since the last one."""
    put_seconds: Annotated[Number, Field(ge=0)] = 10.0
    """Minimal time between two checkpoint uploads to a run directory that is a URL: what losing the machine may cost
    beside `checkpoint_seconds` (s)."""
    tracker: Literal["mlflow", "wandb"] | None = None
    """Send the metrics also to MLflow or Weights & Biases, to the place that their own environment variables name."""
