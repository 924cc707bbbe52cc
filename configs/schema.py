"""The config of a search: every key, its meaning, its default and its limits.

The defaults are the published algorithm and budget for the swing-up task (Gaier & Ha 2019, arXiv
1906.04358); a YAML file holds only what differs. `configs.loading.load_config` reads one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    Strict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from configs.migration import migrated
from configs.sweep import Grid, Listed, combinations, normal_sweep
from wann.activations import ACTIVATIONS, PUBLISHED_ACTIVATIONS
from wann.errors import did_you_mean

PUBLISHED_WEIGHTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
# Keys that say how, where and how often a search runs, and never what one run finds.
KEYS_WITHOUT_EFFECT = ("replicates", "sweep", "workers", "logging")
# Keys of Ray's runtime_env that are the user's own.
RUNTIME_ENV = ("pip", "uv", "conda", "env_vars", "image_uri", "py_modules")
# What cannot be meant: it keeps a slip of the keyboard from ending in a lack of memory.
MOST = 1_000_000


def _whole(value: Any) -> Any:
    """1e3 is a whole number to a person; `True` is not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Strict(), BeforeValidator(_whole)]
Number = Annotated[float, Strict(), AllowInfNan(False)]
# Beyond this a shared weight only overflows.
Weight = Annotated[Number, Field(ge=-1e6, le=1e6)]
Count = Annotated[Whole, Field(ge=1, le=MOST)]
Probability = Annotated[Number, Field(ge=0, le=1)]
PartialProbability = Annotated[Number, Field(ge=0, lt=1)]
Switch = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Field(min_length=1)]


def _mistake(message: str) -> PydanticCustomError:
    """What `configs.loading` prints after the place and the key."""
    return PydanticCustomError("mistake", "{message}", {"message": message})


class Section(BaseModel):
    """A mapping of the config: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, data: Any) -> Any:
        return cls.without_empty_sections(data) if isinstance(data, Mapping) else data

    @classmethod
    def without_empty_sections(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """A section whose lines are all commented out reads as null, and counts as not given."""
        sections = {name for name, field in cls.model_fields.items() if isinstance(field.default, Section)}
        return {key: value for key, value in data.items() if value is not None or key not in sections}


class TaskConfig(Section):
    """The task and, beside its name, the options of that task (see `envs.registry`)."""

    model_config = ConfigDict(extra="allow")

    name: Text = "cartpole_swingup"
    """Name of the task in `envs.registry.TASKS`."""

    @property
    def options(self) -> dict[str, Any]:
        """Every key but the name."""
        return dict(self.model_extra or {})

    @model_serializer(mode="wrap")
    def _in_one_order(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Options come in the order of the YAML: equal configs are to give equal bytes."""
        return {"name": self.name, **_sorted({k: v for k, v in handler(self).items() if k != "name"})}


class MutationConfig(Section):
    """Probability of each operator, drawn for every child. All of them sum to 1.

    The published four and their two companions are listed here; a further operator of the registry
    (`evolution.mutation.registry`) is given by its name and has the probability 0 unless it is.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Probability] = Field(init=False)

    add_connection: Probability = 0.20
    """Add an absent connection that closes no cycle."""
    insert_node: Probability = 0.25
    """Split an enabled connection by a node with a random activation."""
    enable: Probability = 0.05
    """Enable a disabled connection."""
    change_activation: Probability = 0.50
    """Give a hidden node another activation."""
    disable: Probability = 0.0
    """Disable an enabled connection (not in the published algorithm)."""
    rewire: Probability = 0.0
    """Move the source of a connection (not in the published algorithm)."""

    @model_serializer(mode="wrap")
    def _in_one_order(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Further operators come sorted: equal configs give equal bytes."""
        return dict.fromkeys(type(self).model_fields) | _sorted(handler(self))


class SafeMutationConfig(Section):
    """Children that act almost as their parents do (`evolution.mutation.safe`): drawn until one fits."""

    candidates: Count = 16
    """Most mutants drawn for one child. If none fits, the nearest that differs from the parent is taken."""
    least: Annotated[Number, Field(ge=0)] = 1e-4
    """Divergence that a child must exceed: the mean difference between its actions and its parent's, in the task's
    units, over states that leading genomes have met."""
    most: Annotated[Number, Field(gt=0)] = 0.03
    """Divergence that a child should not exceed."""
    share: Probability = 0.9
    """Chance that a child is chosen this way. Otherwise the first mutant is taken."""
    states: Count = 512
    """States that actions are compared on, over all weights."""
    leaders: Count = 4
    """Number of best genomes whose episodes supply the states."""
    refresh: Count = 10
    """Generations between two collections of states."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least >= self.most:
            raise _mistake(f"expected least below most, found least {self.least:g} and most {self.most:g}")
        return self


class StrategyConfig(Section):
    """Settings of one strategy, in a field of `SearchConfig` that has the strategy's name."""


class AgeFitnessConfig(StrategyConfig):
    """Settings of ``strategy: age_fitness``."""

    newborn_ratio: PartialProbability = 0.02
    """Share of the population that each generation starts anew, from minimal genomes."""
    age_generations: Count | None = None
    """Generations that start genomes anew and rank by youth. Later ones refine: they rank by score and best weight, as
    published. Null: all generations start anew."""

    def num_newborn(self, population: int) -> int:
        """Genomes that a generation of so many starts anew: at least one, unless the ratio is 0."""
        return max(round(self.newborn_ratio * population), int(self.newborn_ratio > 0))


class LowerBoundConfig(AgeFitnessConfig):
    """Settings of ``strategy: lower_bound``."""

    confidence: Annotated[Number, Field(ge=0, le=10)] = 1.0
    """Standard errors subtracted from a genome's mean return."""
    prior_rollouts: Count = 4
    """Rollouts at which a genome's own variance weighs as much as the pooled one. Raise it where rare falls
    dominate."""


class GradientConfig(StrategyConfig):
    """Settings of ``strategy: gradient_informed``: proposals, and how many of them a child takes."""

    children: Count = 12
    """Children of each lineage's parent in a generation."""
    probes: Count = 128
    """Random new units probed in each generation."""
    shortlist: Count = 48
    """Top proposals that children sample from; grows with the number of edits per child."""
    lineages: Count = 1
    """Independent lines of descent, each with a parent and children of its own. Workers share them out."""
    renew_every: Count = 50
    """Generations between renewals, in which the worst lineage restarts from the best one."""
    first_edits: Count = 8
    """Proposals per child in the first generation. Later the number follows that of winning children."""
    equal_paths: Switch = False
    """Every path has four connections, with a feature in the middle that sums what relays add and subtract. With
    activations that scale, such as abs and relu, the class is the same at every shared weight
    (`evolution.gradient.growth`)."""


class SearchConfig(Section):
    """Who breeds, who survives, and by which operators.

    A strategy's own settings are in the section of its name. That of the chosen strategy is always there; the others
    are null. In a config with stages or a sweep, other strategies that those choose may have sections too.
    """

    strategy: Text = "published"
    """Name in `evolution.registry.STRATEGIES`: published (NSGA-II as in the paper), age_fitness, lower_bound, or
    gradient_informed, which has lineages instead of a population."""
    age_fitness: AgeFitnessConfig | None = None
    """Settings of that strategy."""
    lower_bound: LowerBoundConfig | None = None
    """Settings of that strategy."""
    gradient_informed: GradientConfig | None = None
    """Settings of that strategy."""
    population: Annotated[Whole, Field(ge=4, le=MOST)] = 192
    """Genomes in the population, P."""
    initial_connectivity: Probability = 0.5
    """Chance that a connection of a first genome is enabled."""
    mutation: MutationConfig = MutationConfig()
    """Probabilities of the operators."""
    extra_mutation: PartialProbability = 0.0
    """Chance that a child is mutated a second time (not in the published algorithm)."""
    safe_mutation: SafeMutationConfig | None = None
    """Choose each child among several mutants by their behaviour (not in the published algorithm)."""
    prune_dead: Switch = False
    """Remove hidden nodes that no output depends on from children (not in the published algorithm)."""
    activations: Annotated[tuple[Text, ...], Field(min_length=1)] = PUBLISHED_ACTIVATIONS
    """Activations that new and changed hidden nodes may get; the published ten by default."""
    complexity_probability: Probability = 0.8
    """Chance that a generation is ranked by mean return and complexity, instead of mean and maximal return."""
    max_connections: Count | None = None
    """Enabled connections that a genome may have: larger ones rank behind all that keep the limit."""
    cull_ratio: PartialProbability = 0.2
    """Share of the population, the worst, that never breeds."""
    elite_ratio: Probability = 0.2
    """Share of the survivors, the best, that pass unchanged."""
    tournament_size: Count = 16
    """Genomes drawn for one tournament (effective size)."""

    @model_validator(mode="before")
    @classmethod
    def _section_of_the_strategy(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        name = data.get("strategy", cls.model_fields["strategy"].default)
        return {**data, name: {}} if name in tuple(strategy_sections()) and data.get(name) is None else data

    @model_serializer(mode="wrap")
    def _without_other_strategies(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Sections that are null are left out: a strategy's settings are no business of the others."""
        return {k: v for k, v in handler(self).items() if v is not None or k not in strategy_sections()}

    @property
    def strategies_with_settings(self) -> tuple[str, ...]:
        """Names of the strategies that have a section here."""
        return tuple(name for name in strategy_sections() if getattr(self, name) is not None)

    @property
    def settings(self) -> StrategyConfig | None:
        """The section of the chosen strategy; None where it has none."""
        return getattr(self, self.strategy) if self.strategy in strategy_sections() else None

    @model_validator(mode="after")
    def _room_for_all(self) -> Self:
        elites = int(self.elite_ratio * (self.population - int(self.cull_ratio * self.population)))
        settings = self.settings
        newborn = settings.num_newborn(self.population) if isinstance(settings, AgeFitnessConfig) else 0
        if elites + newborn > self.population:
            raise _mistake(
                f"expected elites and newborns to fit into the population of {self.population}, found {elites} elites "
                f"and {newborn} newborns"
            )
        return self

    @model_validator(mode="after")
    def _features_for_equal_paths(self) -> Self:
        gradient = self.gradient_informed
        if gradient and gradient.equal_paths and not set(self.activations) - {"linear", "inverse"}:
            raise _mistake(
                "expected activations beside linear and inverse for gradient_informed.equal_paths, found none"
            )
        return self

    @field_validator("activations")
    @classmethod
    def _known_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = tuple(ACTIVATIONS)
        for index, name in enumerate(names):
            if name not in known:
                raise _mistake(f"expected names of activations, found {name!r}{did_you_mean(name, known)}")
            if name in names[:index]:
                raise _mistake(f"expected every name once, found {name!r} twice")
        return names


@cache
def strategy_sections() -> dict[str, type[StrategyConfig]]:
    """Strategies with settings of their own, by name: the fields of `SearchConfig` that hold a `StrategyConfig`."""
    kinds = {name: get_args(field.annotation) for name, field in SearchConfig.model_fields.items()}
    return {
        name: kind
        for name, options in kinds.items()
        for kind in options
        if isinstance(kind, type) and issubclass(kind, StrategyConfig)
    }


class SampledWeights(Section):
    """Shared weights drawn afresh in each generation: one uniform draw from each of ``count`` equal parts."""

    low: Weight = -2.0
    """Lower end of the range."""
    high: Weight = 2.0
    """Upper end of the range."""
    count: Count = 32
    """Weights drawn, W."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            raise _mistake(f"expected low below high, found low {self.low:g} and high {self.high:g}")
        return self


class HeatConfig(Section):
    """More rollouts for the genomes that lead a generation."""

    share: Annotated[Number, Field(gt=0, le=1)]
    """Share of the generation's different programs that goes on, the best by mean return."""
    rollouts: Count
    """Further episodes for each of them and each weight, on seeds that this generation has not used."""


class EvaluationConfig(Section):
    """What every genome is run on in each generation. ``weights`` is null exactly if weights are sampled."""

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)] | None = None
    """Shared weights, [W]; the published six unless `sampled_weights` is given."""
    sampled_weights: SampledWeights | None = None
    """Draw the shared weights afresh in each generation, instead of `weights`."""
    rollouts: Count = 3
    """Episodes for each weight, R."""
    rollout_seeds: Literal["shared", "per_weight"] = "shared"
    """Whether all weights see the same start states, or each its own."""
    race: tuple[HeatConfig, ...] = ()
    """Heats that follow in the same generation, each for the best of it so far."""

    @model_validator(mode="before")
    @classmethod
    def _one_kind_of_weights(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = [key for key in ("weights", "sampled_weights") if data.get(key) is not None]
        if len(given) == 2:
            raise _mistake("expected either weights or sampled_weights, found both")
        return data if given else {**data, "weights": PUBLISHED_WEIGHTS}


class ChampionConfig(Section):
    """How the champion is chosen and reported. Selection and report use seeds that no generation saw."""

    objective: Literal["mean", "best"] = "mean"
    """Choose by the mean over weights, or by the best single weight."""
    first_episodes: Count = 32
    """Episodes that all candidates are scored on, before the field is cut to `candidates`."""
    candidates: Count = 64
    """Genomes that are confirmed on selection seeds."""
    max_connections: Count | None = None
    """Largest network that may become champion (live connections); set aside, with a warning, if all are larger."""
    selection_episodes: Count = 1024
    """Episodes that the choice rests on."""
    report_episodes: Count = 100
    """Episodes of the reported returns, on seeds untouched by the choice."""


class WorkersConfig(Section):
    """Where evaluation runs; nothing here changes a result."""

    evaluator: Literal["inline", "ray"] = "ray"
    """In this process, or on Ray actors."""
    num_workers: Count | None = None
    """Ray actors; one per CPU if null."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """What evaluates: only auto falls back to what is there."""
    device_megabytes: Count = 1024
    """Memory that a chunk of networks, or of images for gradients, may take on a GPU; less changes no result. At least
    one network, and 1024 images, are held at once."""
    address: Text | None = None
    """Ray cluster to join: HOST:PORT, ray://HOST:PORT (as a client), or auto for one that was started on this machine.
    If null, the one that runs the search as a submitted job, and else a local one is started."""
    runtime_env: dict[Text, Any] = Field(default_factory=dict)
    """How Ray is to prepare workers on a cluster's nodes, in its own terms: pip, uv, conda, env_vars, image_uri or
    py_modules. The project's sources, a task's own module and its files get there without it; modules that those
    import, and that no node has, are listed in py_modules."""
    timeout_seconds: Annotated[Number, Field(gt=0)] = 600.0
    """Longest time that one chunk may take before its worker counts as hanging (s)."""
    parallel: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """Searches of replicates or a sweep that run at the same time, each in a process of its own with its share of the
    workers."""

    @field_validator("runtime_env")
    @classmethod
    def _what_is_not_sent_by_itself(cls, settings: dict[str, Any]) -> dict[str, Any]:
        for name in settings:
            if name not in RUNTIME_ENV:
                raise _mistake(
                    f"expected keys among {', '.join(RUNTIME_ENV)}, found {name!r}{did_you_mean(name, RUNTIME_ENV)}"
                )
        return settings


class LoggingConfig(Section):
    """What a run leaves behind besides its results; nothing here changes a result."""

    tensorboard: Switch = True
    """Write TensorBoard events beside metrics.jsonl."""
    progress: Switch = True
    """Show the live display; plain lines where output is no terminal."""
    checkpoint_every: Count = 1
    """Generations between checkpoints: what a crash may cost."""
    put_seconds: Annotated[Number, Field(ge=0)] = 10.0
    """Least time between two checkpoints put to a run directory that is a URL: what losing the machine may cost (s)."""
    tracker: Literal["mlflow", "wandb"] | None = None
    """Send the metrics to MLflow or to Weights & Biases too, wherever their own environment variables say."""


def _null_is_empty(value: Any) -> Any:
    """Null, where all lines of a section are commented out, is no change."""
    return {} if value is None else value


# Keys of a section, as a stage gives them: checked when they are merged over the config's own.
Changes = Annotated[
    dict[str, Any], BeforeValidator(_null_is_empty), PlainSerializer(lambda value: _sorted(value), return_type=dict)
]


class StageConfig(Section):
    """A part of a search that is done in stages. It starts from the survivors of the one before.

    What it gives below the names of sections is laid over the config's own sections (`stage_config`).
    """

    name: Annotated[Text, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
    """Names its directory: letters, digits, - and _."""
    generations: Annotated[Whole, Field(ge=1, le=10**9)]
    """Generations of each restart."""
    restarts: Annotated[Whole, Field(ge=1, le=999)] = 1
    """Independent searches, each with its own seed."""
    enough: Number | None = None
    """No further restart once a survivor scores this on held-out episodes."""
    survivors: Count = 16
    """Genomes that go on: of each restart the best on held-out episodes, and of those the best."""
    mirrored: Switch = False
    """Begin with the genomes of the stage before mirrored: a linear node behind every source relays it, so that they do
    at the weights w and -w what they did at w squared (`evolution.mutation.mirroring`)."""
    task: Changes = Field(default_factory=dict)
    """Options of the task that differ in this stage."""
    search: Changes = Field(default_factory=dict)
    """Keys of `search` that differ in this stage."""
    evaluation: Changes = Field(default_factory=dict)
    """Keys of `evaluation` that differ in this stage; giving `weights` drops `sampled_weights`, and the reverse."""
    champion: Changes = Field(default_factory=dict)
    """Keys of `champion` that differ in this stage; its survivors are chosen in the same way."""


# The sections that a stage may change.
STAGE_SECTIONS: dict[str, type[Section]] = {
    "task": TaskConfig,
    "search": SearchConfig,
    "evaluation": EvaluationConfig,
    "champion": ChampionConfig,
}


def _normal_sweep(value: Any) -> Any:
    try:
        return normal_sweep(value)
    except ValueError as error:
        raise _mistake(str(error)) from None


class Config(Section):
    """One search, or replicates or a sweep of it."""

    seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = 0
    """Key of every random draw of the run."""
    generations: Annotated[Whole, Field(ge=1, le=10**9)] = 1024
    """Generations to run; may grow when a run is resumed. With stages, which have their own: the sum of theirs."""
    replicates: Annotated[Whole, Field(ge=1, le=10_000)] = 1
    """Independent runs, each with its own seed and directory."""
    sweep: Annotated[Grid | Listed | None, BeforeValidator(_normal_sweep)] = None
    """Values of other keys to be tried: dotted keys with lists of values, of which all combinations are run, or a list
    of combinations; each has its own directory, or one for each replicate. Mappings are laid over what the config
    has."""
    initial: tuple[Text, ...] = ()
    """Champion files to start from, instead of minimal genomes only."""
    task: TaskConfig = TaskConfig()
    """What is to be learnt."""
    search: SearchConfig = SearchConfig()
    """How evolution proceeds."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """What every genome is run on."""
    champion: ChampionConfig = ChampionConfig()
    """How the champion is chosen and reported."""
    workers: WorkersConfig = WorkersConfig()
    """Where evaluation runs."""
    logging: LoggingConfig = LoggingConfig()
    """What a run leaves behind."""
    stages: tuple[StageConfig, ...] = ()
    """Searches that follow each other, such as: discover at one weight with restarts, refine, widen the weights."""

    @model_validator(mode="before")
    @classmethod
    def _in_todays_layout(cls, data: Any) -> Any:
        """Values of an earlier layout, such as those stored in a champion or a checkpoint."""
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
        # What is no number is refused where it stands.
        return {**data, "generations": sum(numbers)} if numbers and len(numbers) == len(given) else data

    @field_validator("stages")
    @classmethod
    def _stages_in_order(cls, stages: tuple[StageConfig, ...], info: ValidationInfo) -> tuple[StageConfig, ...]:
        names = [stage.name.lower() for stage in stages]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise _mistake(f"expected every name once, found {stages[index].name!r} twice")
        if stages and stages[0].mirrored:
            raise _mistake("expected mirrored only in a stage that follows another, found it in the first")
        total = sum(stage.generations for stage in stages)
        if stages and info.data.get("generations", total) != total:
            found = info.data["generations"]
            raise _mistake(f"expected no generations beside stages, which have their own ({total}), found {found}")
        return stages

    @model_validator(mode="after")
    def _seeds_of_all_replicates(self) -> Self:
        if self.seed + self.replicates > 2**63:
            raise _mistake(f"expected seed + replicates of at most 2**63, found {self.seed} + {self.replicates}")
        return self

    @model_validator(mode="after")
    def _parallel_needs_several(self) -> Self:
        if self.workers.parallel > 1 and not self.has_children:
            raise _mistake(
                f"expected replicates or a sweep for workers.parallel {self.workers.parallel}, found one search"
            )
        return self

    @property
    def has_children(self) -> bool:
        """Whether it stands for several searches."""
        return self.replicates > 1 or self.sweep is not None


def stage_config(config: Config, index: int) -> Config:
    """The config of one stage as a search of its own: without stages, and the sections of the stage merged.

    Raises:
        pydantic.ValidationError: the stage gives what its sections do not take.
    """
    stage = config.stages[index]
    values = config.model_dump(exclude={"stages"})
    for name, kind in STAGE_SECTIONS.items():
        values[name] = _merged(values[name], kind.without_empty_sections(getattr(stage, name)))
    for one, other in (("weights", "sampled_weights"), ("sampled_weights", "weights")):
        if stage.evaluation.get(one) is not None and stage.evaluation.get(other) is None:
            values["evaluation"][other] = None
    return _without_unused_sections(Config.model_validate({**values, "generations": stage.generations}))


def swept_config(config: Config, index: int) -> Config:
    """The config of one combination of a sweep as a single search: with its values, without sweep and replicates.

    A task of another name begins with its own defaults: the options of one task say nothing to another.

    Raises:
        pydantic.ValidationError: the schema does not take these values.
    """
    combination = combinations(config.sweep)[index]
    values = config.model_dump(exclude={"sweep"})
    if combination.get("task.name", config.task.name) != config.task.name:
        values["task"] = {}
    for one, other in (("weights", "sampled_weights"), ("sampled_weights", "weights")):
        if any(f"{key}.".startswith(f"evaluation.{one}.") for key, value in combination.items() if value is not None):
            values["evaluation"][other] = None
    for key, value in combination.items():
        for part in reversed(key.split(".")):
            value = {part: value}
        values = _merged(values, value)
    values["workers"]["parallel"] = values["replicates"] = 1
    return _without_unused_sections(Config.model_validate(values))


def unused_sections(config: Config) -> list[tuple[str | int, ...]]:
    """Paths of the sections of strategies that nothing in the config chooses: such settings look live and are not.

    A section of ``search`` may belong to the strategy of the config, of one of its stages, or of a combination of its
    sweep; one in a stage, or in a combination, to the strategy that is chosen there.
    """
    found: list[tuple[str | int, ...]] = []
    swept = [each for each in combinations(config.sweep) if "search.strategy" in each]
    chosen = {config.search.strategy, *(each["search.strategy"] for each in swept)}
    for index, stage in enumerate(config.stages):
        base = {config.search.strategy} if "strategy" not in stage.search and not swept else chosen
        own = {stage.search["strategy"]} if "strategy" in stage.search else base
        sections = (name for name in strategy_sections() if stage.search.get(name) is not None)
        found += [("stages", index, "search", name) for name in sections if name not in own]
    chosen |= {stage.search["strategy"] for stage in config.stages if isinstance(stage.search.get("strategy"), str)}
    found += [("search", name) for name in config.search.strategies_with_settings if name not in chosen]
    for each in combinations(config.sweep):
        strategy = each.get("search.strategy", config.search.strategy)
        parts = [key.split(".") for key in each]
        names = {part[1] for part in parts if part[0] == "search" and len(part) > 2 and part[1] in strategy_sections()}
        found += [("sweep", f"search.{name}") for name in sorted(names) if name != strategy and not config.stages]
    return found


def _without_unused_sections(config: Config) -> Config:
    """A stage or a combination may choose another strategy; settings of the first one are none of its business."""
    changes = {str(path[-1]): None for path in unused_sections(config) if path[0] == "search"}
    return config.model_copy(update={"search": config.search.model_copy(update=changes)}) if changes else config


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``changes`` over ``base``, mapping by mapping."""
    deeper = {key: _merged(base[key], value) for key, value in changes.items() if _both_mappings(base.get(key), value)}
    return {**base, **changes, **deeper}


def _both_mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def result_keys(config: Config) -> dict[str, Any]:
    """The part of a config that decides results, as plain JSON values in one order: what a champion stores."""
    return {key: value for key, value in config.model_dump(mode="json").items() if key not in KEYS_WITHOUT_EFFECT}


def config_hash(config: Config) -> str:
    """SHA-256 (hex) of `result_keys` as canonical JSON, but for what a resumed run may change: it may go on for longer,
    and forgive an environment the errors that ended it (``task.on_error`` decides nothing before the first error).
    """
    decisive = {key: value for key, value in result_keys(config).items() if key != "generations"}
    decisive["task"] = {option: value for option, value in decisive["task"].items() if option != "on_error"}
    return hashlib.sha256(_canonical(decisive).encode()).hexdigest()


def stored_config_hash(stored: Mapping[str, Any]) -> str | None:
    """`config_hash` of a config as a checkpoint or a champion has it, perhaps in an earlier layout.

    Keys that have come since count with their defaults. None if it is no config.
    """
    try:
        return config_hash(Config.model_validate(stored))
    except ValidationError:
        return None


def _canonical(value: Any) -> str:
    """JSON in which equal configs are equal text; 1, 1.0 and true differ, as they may to a task."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def differing_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Dotted keys, sorted, whose values differ between two nested mappings or that only one of them has."""
    return sorted(_differences(old, new, ""))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key in old.keys() | new.keys():
        if key not in old or key not in new:
            yield prefix + key
        elif isinstance(old[key], Mapping) and isinstance(new[key], Mapping):
            yield from _differences(old[key], new[key], f"{prefix}{key}.")
        elif _canonical(old[key]) != _canonical(new[key]):
            yield prefix + key


def _sorted(value: Any) -> Any:
    """Plain values with the keys of every mapping sorted."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value
