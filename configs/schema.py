"""The config of a search: every key, its meaning, its default and its limits.

The defaults are the published algorithm and budget for the swing-up task (Gaier & Ha 2019, arXiv
1906.04358); a YAML file holds only what differs. `configs.loading.load_config` reads one.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from configs.migration import migrated
from configs.sweep import Grid, Listed, normal_sweep
from wann.activations import ACTIVATIONS, PUBLISHED_ACTIVATIONS
from wann.errors import UserError, did_you_mean

PUBLISHED_WEIGHTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
# Keys that decide how, where and how often a search runs. They never change the result of one run.
KEYS_WITHOUT_EFFECT = ("replicates", "sweep", "workers", "logging")
# Keys of Ray's runtime_env that the user may set.
RUNTIME_ENV = ("pip", "uv", "conda", "env_vars", "image_uri", "py_modules")
# Upper limit of counts, so that a typing error does not exhaust the memory.
MOST = 1_000_000


def _whole(value: Any) -> Any:
    """Accept whole floats such as 1e3 as integers. `True` is refused by the strict type."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Strict(), BeforeValidator(_whole)]
Number = Annotated[float, Strict(), AllowInfNan(False)]
# A larger shared weight only overflows.
Weight = Annotated[Number, Field(ge=-1e6, le=1e6)]
Count = Annotated[Whole, Field(ge=1, le=MOST)]
Probability = Annotated[Number, Field(ge=0, le=1)]
PartialProbability = Annotated[Number, Field(ge=0, lt=1)]
Switch = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Field(min_length=1)]


def _mistake(expected: str, found: str) -> PydanticCustomError:
    """An error as data. `configs.loading` adds the place and the key."""
    return PydanticCustomError("mistake", "expected {expected}, found {found}", {"expected": expected, "found": found})


class Section(BaseModel):
    """A mapping of the config. Unknown keys are errors, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, data: Any) -> Any:
        return cls.without_empty_sections(data) if isinstance(data, Mapping) else data

    @classmethod
    def without_empty_sections(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Drop null sections. A section whose lines are all commented out reads as null and counts as not given."""
        sections = {name for name, field in cls.model_fields.items() if isinstance(field.default, Section)}
        return {key: value for key, value in data.items() if value is not None or key not in sections}


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
        return {"name": self.name, **_sorted({k: v for k, v in handler(self).items() if k != "name"})}


class MutationConfig(Section):
    """Probability of each operator, drawn for every child. The probabilities sum to 1.

    The four published operators and two further ones are listed here. Any other operator of the registry
    (`evolution.mutation.registry`) can be given by its name; its probability is 0 by default.
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
        """Sort the further operators, so that equal configs give equal bytes."""
        return dict.fromkeys(type(self).model_fields) | _sorted(handler(self))


class SafeMutationConfig(Section):
    """Children that act almost as their parents do (`evolution.mutation.safe`): mutants are drawn until one fits."""

    candidates: Count = 16
    """Maximum of mutants drawn for one child. If none fits, the nearest that differs from the parent is taken."""
    least: Annotated[Number, Field(ge=0)] = 1e-4
    """Divergence that a child must exceed: the mean difference between its actions and its parent's, in the task's
    units, over states that leading genomes have met."""
    most: Annotated[Number, Field(gt=0)] = 0.03
    """Divergence that a child should not exceed."""
    share: Probability = 0.9
    """Chance that a child is chosen this way. Otherwise the first mutant is taken."""
    states: Count = 512
    """Number of states that actions are compared on, over all weights."""
    leaders: Count = 4
    """Number of best genomes whose episodes supply the states."""
    refresh: Count = 10
    """Generations between two collections of states."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least >= self.most:
            raise _mistake("least below most", f"least {self.least:g} and most {self.most:g}")
        return self


class StrategyConfig(Section):
    """Settings of one strategy, in a field of `SearchConfig` that has the strategy's name."""


class AgeFitnessConfig(StrategyConfig):
    """Settings of ``strategy: age_fitness``."""

    newborn_ratio: PartialProbability = 0.02
    """Share of the population that each generation replaces by minimal genomes."""
    age_generations: Count | None = None
    """Number of first generations that add minimal genomes and rank by youth. Later generations refine: they rank by
    score and best weight, as published. Null: all generations add minimal genomes."""

    def num_newborn(self, population: int) -> int:
        """Number of minimal genomes added to a generation of ``population``: at least one, unless the ratio is 0."""
        return max(round(self.newborn_ratio * population), int(self.newborn_ratio > 0))


class LowerBoundConfig(AgeFitnessConfig):
    """Settings of ``strategy: lower_bound``."""

    confidence: Annotated[Number, Field(ge=0, le=10)] = 1.0
    """Standard errors subtracted from a genome's mean return."""
    prior_rollouts: Count = 4
    """Rollouts at which a genome's own variance weighs as much as the pooled one. Raise it where rare falls
    dominate."""


class GradientConfig(StrategyConfig):
    """Settings of ``strategy: gradient_informed``: the proposals, and the number of them that a child takes."""

    children: Count = 12
    """Children per lineage and generation."""
    probes: Count = 128
    """Random new units probed in each generation."""
    shortlist: Count = 48
    """Top proposals that children sample from; grows with the number of edits per child."""
    lineages: Count = 1
    """Independent lines of descent, each with a parent and children of its own. They are distributed over workers."""
    renew_every: Count = 50
    """Generations between renewals, in which the worst lineage restarts from the best one."""
    first_edits: Count = 8
    """Proposals per child in the first generation. Later the number adapts to that of winning children."""
    equal_paths: Switch = False
    """Every path has four connections, with a feature in the middle that sums what relays add and subtract. With
    activations that scale, such as abs and relu, the class is the same at every shared weight
    (`evolution.gradient.growth`)."""


class SearchConfig(Section):
    """Strategy, breeding, survival and mutation.

    A strategy's own settings are in the section of its name. The section of the chosen strategy is always present; the
    others are null. In a config with stages or a sweep, the strategies chosen there may have sections too.
    """

    strategy: Text = "published"
    """Name in `evolution.registry.STRATEGIES`: published (NSGA-II as in the paper), age_fitness, lower_bound, or
    gradient_informed, which has lineages instead of a population."""
    age_fitness: AgeFitnessConfig | None = None
    """Settings of the strategy age_fitness."""
    lower_bound: LowerBoundConfig | None = None
    """Settings of the strategy lower_bound."""
    gradient_informed: GradientConfig | None = None
    """Settings of the strategy gradient_informed."""
    population: Annotated[Whole, Field(ge=4, le=MOST)] = 192
    """Genomes in the population, P."""
    initial_connectivity: Probability = 0.5
    """Probability that a connection of an initial genome is enabled."""
    mutation: MutationConfig = MutationConfig()
    """Probabilities of the operators."""
    extra_mutation: PartialProbability = 0.0
    """Probability that a child is mutated a second time (not in the published algorithm)."""
    safe_mutation: SafeMutationConfig | None = None
    """Choose each child among several mutants by behaviour (not in the published algorithm)."""
    prune_dead: Switch = False
    """Remove hidden nodes that no output depends on from children (not in the published algorithm)."""
    activations: Annotated[tuple[Text, ...], Field(min_length=1)] = PUBLISHED_ACTIVATIONS
    """Activations for new and changed hidden nodes; the published ten by default."""
    complexity_probability: Probability = 0.8
    """Probability that a generation is ranked by mean return and complexity, instead of mean and maximal return."""
    max_connections: Count | None = None
    """Limit on enabled connections per genome. Genomes above it rank behind all others."""
    cull_ratio: PartialProbability = 0.2
    """Share of the population, from the worst up, that does not breed."""
    elite_ratio: Probability = 0.2
    """Share of the survivors, from the best down, that pass unchanged."""
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
        """Leave out null sections, which belong to strategies that are not chosen."""
        return {k: v for k, v in handler(self).items() if v is not None or k not in strategy_sections()}

    @property
    def strategies_with_settings(self) -> tuple[str, ...]:
        """Names of the strategies that have a section here."""
        return tuple(name for name in strategy_sections() if getattr(self, name) is not None)

    @property
    def settings(self) -> StrategyConfig | None:
        """The section of the chosen strategy; None if it has no settings."""
        return getattr(self, self.strategy) if self.strategy in strategy_sections() else None

    @model_validator(mode="after")
    def _room_for_all(self) -> Self:
        elites = int(self.elite_ratio * (self.population - int(self.cull_ratio * self.population)))
        settings = self.settings
        newborn = settings.num_newborn(self.population) if isinstance(settings, AgeFitnessConfig) else 0
        if elites + newborn > self.population:
            raise _mistake(
                f"elites and newborns to fit into the population of {self.population}",
                f"{elites} elites and {newborn} newborns",
            )
        return self

    @model_validator(mode="after")
    def _features_for_equal_paths(self) -> Self:
        gradient = self.gradient_informed
        if gradient and gradient.equal_paths and not set(self.activations) - {"linear", "inverse"}:
            raise _mistake("activations beside linear and inverse for gradient_informed.equal_paths", "none")
        return self

    @field_validator("activations")
    @classmethod
    def _known_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = tuple(ACTIVATIONS)
        for index, name in enumerate(names):
            if name not in known:
                raise _mistake("names of activations", f"{name!r}{did_you_mean(name, known)}")
            if name in names[:index]:
                raise _mistake("every name once", f"{name!r} twice")
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
    """Number of weights drawn, W."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            raise _mistake("low below high", f"low {self.low:g} and high {self.high:g}")
        return self


class HeatConfig(Section):
    """Further rollouts for the best genomes of a generation."""

    share: Annotated[Number, Field(gt=0, le=1)]
    """Share of the generation's distinct programs that is run again, the best by mean return."""
    rollouts: Count
    """Further episodes per program and weight, on seeds that this generation has not used."""


class EvaluationConfig(Section):
    """Weights and episodes of each genome in each generation. ``weights`` is null exactly when weights are sampled."""

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)] | None = None
    """Shared weights, [W]; the published six unless `sampled_weights` is given."""
    sampled_weights: SampledWeights | None = None
    """Draw new shared weights in each generation, instead of `weights`."""
    rollouts: Count = 3
    """Episodes per weight, R."""
    rollout_seeds: Literal["shared", "per_weight"] = "shared"
    """shared: all weights see the same start states. per_weight: each weight has its own."""
    race: tuple[HeatConfig, ...] = ()
    """Heats that follow in the same generation, each with the best genomes so far."""

    @model_validator(mode="before")
    @classmethod
    def _one_kind_of_weights(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = [key for key in ("weights", "sampled_weights") if data.get(key) is not None]
        if len(given) == 2:
            raise _mistake("either weights or sampled_weights", "both")
        return data if given else {**data, "weights": PUBLISHED_WEIGHTS}


class ChampionConfig(Section):
    """The choice of the champion, and its report. Both use seeds that no generation used."""

    objective: Literal["mean", "best"] = "mean"
    """Choose by the mean over weights, or by the best single weight."""
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
                raise _mistake(f"keys among {', '.join(RUNTIME_ENV)}", f"{name!r}{did_you_mean(name, RUNTIME_ENV)}")
        return settings


class LoggingConfig(Section):
    """Records of a run besides its results. These keys do not change results."""

    tensorboard: Switch = True
    """Write TensorBoard events beside metrics.jsonl."""
    progress: Switch = True
    """Show the live display, or plain lines if the output is not a terminal."""
    report: Switch = False
    """Write the page of `inspect_champion.py` once the champion is found, into ``report`` of the run directory, and
    print the commands that look further. For a run of one champion, in a directory of this machine."""
    checkpoint_every: Count = 1
    """Generations between checkpoints: the most that a crash can lose."""
    put_seconds: Annotated[Number, Field(ge=0)] = 10.0
    """Minimal time between two checkpoint uploads to a run directory that is a URL: what losing the machine may cost
    (s)."""
    tracker: Literal["mlflow", "wandb"] | None = None
    """Send the metrics also to MLflow or Weights & Biases, to the place that their own environment variables name."""


def _null_is_empty(value: Any) -> Any:
    """Null, as in a section whose lines are all commented out, means no change."""
    return {} if value is None else value


# Keys of a section given by a stage. They are checked once merged over the config's own.
Changes = Annotated[
    dict[str, Any], BeforeValidator(_null_is_empty), PlainSerializer(lambda value: _sorted(value), return_type=dict)
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
    k of them they behave at the weight w as they did at sqrt(k) w. Each costs connections and time."""
    task: Changes = Field(default_factory=dict)
    """Options of the task that differ in this stage."""
    search: Changes = Field(default_factory=dict)
    """Keys of `search` that differ in this stage."""
    evaluation: Changes = Field(default_factory=dict)
    """Keys of `evaluation` that differ in this stage. Giving `weights` drops `sampled_weights`, and vice versa."""
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
        raise _mistake(error.expected, error.found) from None


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
    """Champion files to start from. Without them the first population has minimal genomes only."""
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
                raise _mistake("every name once", f"{stages[index].name!r} twice")
        if stages and not info.data.get("initial"):
            for name in ("mirrored", "relays"):
                if getattr(stages[0], name) != StageConfig.model_fields[name].default:
                    raise _mistake(f"{name} only in a stage that follows another, or beside initial", "it in the first")
        total = sum(stage.generations for stage in stages)
        if stages and info.data.get("generations", total) != total:
            found = info.data["generations"]
            raise _mistake(f"no generations beside stages, which have their own ({total})", str(found))
        return stages

    @model_validator(mode="after")
    def _seeds_of_all_replicates(self) -> Self:
        if self.seed + self.replicates > 2**63:
            raise _mistake("seed + replicates of at most 2**63", f"{self.seed} + {self.replicates}")
        return self

    @model_validator(mode="after")
    def _parallel_needs_several(self) -> Self:
        if self.workers.parallel > 1 and not self.has_children:
            raise _mistake(f"replicates or a sweep for workers.parallel {self.workers.parallel}", "one search")
        return self

    @property
    def has_children(self) -> bool:
        """True if the config stands for several searches."""
        return self.replicates > 1 or self.sweep is not None


def _sorted(value: Any) -> Any:
    """Plain values with the keys of every mapping sorted."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value
