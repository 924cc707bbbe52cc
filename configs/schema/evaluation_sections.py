"""The sections of the task, the weights and episodes of genomes, the champion's choice, and the end of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from configs.schema.section import Count, Number, Section, Text, Weight, in_one_order, mistake

PUBLISHED_WEIGHTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)


class TaskConfig(Section):
    """The task: its name and its options (see `envs.registry`)."""

    model_config = ConfigDict(extra="allow")

    name: Text = "cartpole_swingup"
    """Name of the task in `envs.registry.TASKS`."""

    @property
    def options(self) -> dict[str, Any]:
        """All keys except the name."""
        return dict(self.model_extra or {})

    @model_serializer(mode="wrap")
    def _in_one_order(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Sort the options, so that equal configs give equal bytes whatever the order in the YAML."""
        return {"name": self.name, **in_one_order({k: v for k, v in handler(self).items() if k != "name"})}


class SampledWeights(Section):
    """Shared weights drawn afresh in each generation: one uniform draw from each of ``count`` equal parts."""

    low: Weight = -2.0
    """Lower end of the range."""
    high: Weight = 2.0
    """Upper end of the range."""
    count: Count = 32
    """Number of weights drawn."""
    least: Annotated[Number, Field(ge=0)] = 0.0
    """Least absolute value of a weight. The range has a gap from -least to least."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            raise mistake("low below high", f"low {self.low:g} and high {self.high:g}")
        if self.least >= max(-self.low, self.high):
            raise mistake(f"least below the largest weight of {self.low:g} to {self.high:g}", f"{self.least:g}")
        return self


class HeatConfig(Section):
    """Further rollouts for the best genomes of a generation."""

    share: Annotated[Number, Field(gt=0, le=1)]
    """Share of the generation's distinct programs that is run again, the best by mean return."""
    rollouts: Count
    """Further episodes per program and weight, on seeds that this generation has not used."""


class EvaluationConfig(Section):
    """Weights and episodes of each genome in each generation."""

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)] | None = None
    """Shared weights of every generation; the published six unless `sampled_weights` is given."""
    sampled_weights: SampledWeights | None = None
    """Draw new shared weights in each generation, instead of `weights`, or besides them if both are given."""
    rollouts: Count = 3
    """Episodes per weight, R."""
    rollout_seeds: Literal["shared", "per_weight"] = "shared"
    """shared: all weights see the same start states. per_weight: each weight has its own."""
    race: tuple[HeatConfig, ...] = ()
    """Heats that follow in the same generation, each with the best genomes so far."""

    @model_validator(mode="before")
    @classmethod
    def _published_weights_if_none_are_given(cls, data: Any) -> Any:
        given = not isinstance(data, Mapping) or any(
            data.get(key) is not None for key in ("weights", "sampled_weights")
        )
        return data if given else {**data, "weights": PUBLISHED_WEIGHTS}


class ChampionConfig(Section):
    """The choice of the champion, and its report. Both use seeds that no generation used."""

    objective: Literal["mean", "best"] = "mean"
    """Choose by the mean over weights, or by the best single weight."""
    worst_share: Annotated[Number, Field(gt=0, lt=1)] | None = None
    """Share of the worst episodes at a weight whose mean counts as much as the mean of all of them, so that a candidate
    that fails now and then is not chosen. Null: only the mean of all counts."""
    first_episodes: Count = 32
    """Episodes on which all candidate genomes are scored first, to select `candidates` of them."""
    candidates: Count = 64
    """Number of genomes confirmed on the selection seeds."""
    max_connections: Count | None = None
    """Maximal number of live connections of a champion. If all genomes are larger, it is ignored with a warning."""
    selection_episodes: Count = 1024
    """Episodes on which the champion is chosen."""
    report_episodes: Count = 100
    """Episodes of the reported returns, on seeds not used for the choice."""
    side_episodes: Count | None = None
    """Episodes reported at each weight of the search, and at random individual weights; `report_episodes` if null.
    Fewer save time where episodes are slow: Gymnasium draws a racer's for seconds each."""


class StopConfig(Section):
    """Conditions that end a search early: it stops after the first generation that meets one. Null means no condition.

    The returns are those of `metrics.jsonl`, on the seeds of the search. A champion's returns on fresh seeds are often
    lower.
    """

    mean_return: Number | None = None
    """Stop when the best genome of a generation has at least this mean return (``best_mean_return``)."""
    best_return: Number | None = None
    """Stop when that genome has at least this return at its best weight (``best_max_return``)."""
    seconds: Annotated[Number, Field(gt=0)] | None = None
    """Stop when the generations of a search have taken this time in all, including those before a resume
    (``wall_seconds``, s). No two runs take the same time, so a run that stops by it may not repeat byte for byte."""
