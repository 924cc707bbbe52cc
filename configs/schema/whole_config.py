"""A whole config: its sections, stages, replicates and sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from configs.migration import migrated
from configs.schema.evaluation_sections import ChampionConfig, EvaluationConfig, StopConfig, TaskConfig
from configs.schema.run_sections import LoggingConfig, WorkersConfig
from configs.schema.search_sections import SearchConfig
from configs.schema.section import Count, Number, Section, Switch, Text, Whole, in_one_order, mistake
from configs.sweep import Grid, Listed, normal_sweep
from wann.errors import UserError

# Keys that decide how, where and how often a search runs. They never change the result of one run.
KEYS_WITHOUT_EFFECT = ("replicates", "sweep", "workers", "logging")


def _null_is_empty(value: Any) -> Any:
    """Null, as in a section whose lines are all commented out, means no change."""
    return {} if value is None else value


# Keys of a section given by a stage. They are checked once merged over the config's own.
Changes = Annotated[
    dict[str, Any],
    BeforeValidator(_null_is_empty),
    PlainSerializer(lambda value: in_one_order(value), return_type=dict),
]


class StageConfig(Section):
    """One stage of a search. It starts from the survivors of the stage before.

    The keys it gives in sections are merged over the config's own sections (`stage_config`).
    """

    name: Annotated[Text, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
    """Name of its directory: letters, digits, - and _."""
    generations: Annotated[Whole, Field(ge=1, le=10**9)]
    """Generations of each restart."""
    restarts: Annotated[Whole, Field(ge=1, le=999)] = 1
    """Independent searches, each with its own seed."""
    enough: Number | None = None
    """Start no further restart once a survivor reaches this score on held-out episodes."""
    survivors: Count = 16
    """Number of genomes passed to the next stage. Each restart selects its best on held-out episodes; the stage keeps
    the best of those."""
    mirrored: Switch = False
    """Start from mirrored genomes of the stage before. A linear node behind every source relays it, so the genomes
    behave at the weights w and -w as they did at w squared (`evolution.mutation.mirroring`)."""
    relays: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """Copies of every relay of the genomes that the stage starts from, whether mirrored for this stage or before: with
    k of them genomes just mirrored behave at the weight w as they did at sqrt(k) w. In others, every linear node with
    one connection counts as a relay, and what evolution has balanced since changes. Each costs connections and time."""
    task: Changes = Field(default_factory=dict)
    """Options of the task that differ in this stage. Where an option chooses what is seen, as `inputs` of racers does,
    a stage may see more than the stages before: inputs are known by their names, and new ones begin without
    connections (`evolution.mutation.more_inputs`). The last one sees all."""
    search: Changes = Field(default_factory=dict)
    """Keys of `search` that differ in this stage."""
    evaluation: Changes = Field(default_factory=dict)
    """Keys of `evaluation` that differ in this stage. Giving only one of `weights` and `sampled_weights` drops the
    other."""
    champion: Changes = Field(default_factory=dict)
    """Keys of `champion` that differ in this stage. Survivors are chosen by them as the champion is."""
    stop: Changes = Field(default_factory=dict)
    """Keys of `stop` that differ in this stage. They apply to each restart."""


# Sections that a stage may change.
STAGE_SECTIONS: dict[str, type[Section]] = {
    "task": TaskConfig,
    "search": SearchConfig,
    "evaluation": EvaluationConfig,
    "champion": ChampionConfig,
    "stop": StopConfig,
}


def _normal_sweep(value: Any) -> Any:
    try:
        return normal_sweep(value)
    except UserError as error:
        raise mistake(error.expected, error.found) from None


class Config(Section):
    """One search, or replicates or a sweep of it."""

    seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = 0
    """Seed of every random draw of the run."""
    generations: Annotated[Whole, Field(ge=1, le=10**9)] = 1024
    """Generations to run; may be raised when a run is resumed. With stages, it is the sum of their generations."""
    replicates: Annotated[Whole, Field(ge=1, le=10_000)] = 1
    """Independent runs, each with its own seed and directory."""
    sweep: Annotated[Grid | Listed | None, BeforeValidator(_normal_sweep)] = None
    """Values of other keys to try: either dotted keys with lists of values, of which all combinations are run, or a
    list of combinations. Each combination has its own directory, or one per replicate. Mappings are merged over those
    of the config."""
    initial: tuple[Text, ...] = ()
    """Champion files to start from. Without them the first population has minimal genomes only. Champions may have seen
    less than the task shows, as the genomes of an earlier stage may."""
    task: TaskConfig = TaskConfig()
    """The task to learn, and its options."""
    search: SearchConfig = SearchConfig()
    """The strategy and the operators of evolution."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """Weights and episodes of each genome."""
    champion: ChampionConfig = ChampionConfig()
    """The choice of the champion, and its report."""
    stop: StopConfig = StopConfig()
    """Returns, or a time, that end a search early."""
    workers: WorkersConfig = WorkersConfig()
    """The place of evaluation."""
    logging: LoggingConfig = LoggingConfig()
    """Records of a run besides its results."""
    stages: tuple[StageConfig, ...] = ()
    """Searches that follow each other. Example: discover at one weight with restarts, refine, widen the weights."""

    @model_validator(mode="before")
    @classmethod
    def _in_todays_layout(cls, data: Any) -> Any:
        """Move values of an earlier layout, such as those stored in a champion or a checkpoint, to today's keys."""
        return migrated(data)[0] if isinstance(data, Mapping) else data

    @model_validator(mode="before")
    @classmethod
    def _generations_of_all_stages(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "generations" in data:
            return data
        stages = data.get("stages")
        stages = stages if isinstance(stages, list | tuple) else ()
        given = [stage.get("generations") if isinstance(stage, Mapping) else None for stage in stages]
        numbers = [number for number in given if isinstance(number, int | float)]
        # Anything that is not a number is refused later, at its own key.
        return {**data, "generations": sum(numbers)} if numbers and len(numbers) == len(given) else data

    @field_validator("stages")
    @classmethod
    def _stages_in_order(cls, stages: tuple[StageConfig, ...], info: ValidationInfo) -> tuple[StageConfig, ...]:
        names = [stage.name.lower() for stage in stages]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise mistake("every name once", f"{stages[index].name!r} twice")
        if stages and not info.data.get("initial"):
            for name in ("mirrored", "relays"):
                if getattr(stages[0], name) != StageConfig.model_fields[name].default:
                    raise mistake(f"{name} only in a stage that follows another, or beside initial", "it in the first")
        total = sum(stage.generations for stage in stages)
        if stages and info.data.get("generations", total) != total:
            found = info.data["generations"]
            raise mistake(f"no generations beside stages, which have their own ({total}); or stages=[]", str(found))
        return stages

    @model_validator(mode="after")
    def _seeds_of_all_replicates(self) -> Self:
        if self.seed + self.replicates > 2**63:
            raise mistake("seed + replicates of at most 2**63", f"{self.seed} + {self.replicates}")
        return self

    @model_validator(mode="after")
    def _parallel_needs_several(self) -> Self:
        if self.workers.parallel > 1 and not self.has_children:
            raise mistake(f"replicates or a sweep for workers.parallel {self.workers.parallel}", "one search")
        return self

    @property
    def has_children(self) -> bool:
        """True if the config stands for several searches."""
        return self.replicates > 1 or self.sweep is not None
