"""The sections of ``search``: the strategies' settings, operators, survival and breeding."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self, get_args

from pydantic import (
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from configs.schema.section import (
    MOST,
    Count,
    Number,
    PartialProbability,
    Probability,
    Section,
    Switch,
    Text,
    Whole,
    in_one_order,
    mistake,
)
from wann.activations import ACTIVATIONS, PUBLISHED_ACTIVATIONS
from wann.errors import did_you_mean


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
        return dict.fromkeys(type(self).model_fields) | in_one_order(handler(self))


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
            raise mistake("least below most", f"least {self.least:g} and most {self.most:g}")
        return self


class StrategyConfig(Section):
    """Settings of one strategy, in a field of `SearchConfig` that has the strategy's name."""


class NewbornConfig(StrategyConfig):
    """Settings of strategies with newborns."""

    newborn_ratio: PartialProbability = 0.02
    """Share of the population that each generation replaces by minimal genomes."""
    age_generations: Count | None = None
    """Number of first generations that add minimal genomes and rank by youth. Later generations refine: they rank by
    score and best weight, as published. Null: all generations add minimal genomes."""

    def num_newborn(self, population: int) -> int:
        """Number of minimal genomes added to a generation of ``population``: at least one, unless the ratio is 0."""
        return max(round(self.newborn_ratio * population), int(self.newborn_ratio > 0))


class AgeFitnessConfig(NewbornConfig):
    """Settings of ``strategy: age_fitness``."""

    lifetime: Switch = True
    """Score a genome by all rollouts of its life. If false, only those of this generation count, which are the same for
    all genomes: equal programs get equal scores, and no score depends on how hard the episodes of a generation were."""


class LowerBoundConfig(NewbornConfig):
    """Settings of ``strategy: lower_bound``."""

    confidence: Annotated[Number, Field(ge=0, le=10)] = 1.0
    """Standard errors subtracted from a genome's mean return."""
    prior_rollouts: Count = 4
    """Rollouts at which a genome's own variance weighs as much as the pooled one. Raise it where rare falls
    dominate."""
    risk: Annotated[Number, Field(ge=0, le=10)] = 0.0
    """Standard deviations of a genome's returns subtracted from its mean as well. Of normal returns 1.28 gives the
    10 % quantile: genomes that fail in one episode of ten then rank behind those that are a little worse and fail in
    none."""


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
    newest_first: Switch = False
    """Of genomes with equal objectives the newest rank first, instead of last, so that changes without effect spread
    (neutral drift; not in the published algorithm)."""
    restart_after: Count | None = None
    """Generations without a better score after which the population starts anew, as in the first generation. The best
    genomes of every start remain candidates for champion. Null: it never does (as in the published algorithm)."""

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
        newborn = settings.num_newborn(self.population) if isinstance(settings, NewbornConfig) else 0
        if elites + newborn > self.population:
            raise mistake(
                f"elites and newborns to fit into the population of {self.population}",
                f"{elites} elites and {newborn} newborns",
            )
        return self

    @model_validator(mode="after")
    def _features_for_equal_paths(self) -> Self:
        gradient = self.gradient_informed
        if gradient and gradient.equal_paths and not set(self.activations) - {"linear", "inverse"}:
            raise mistake("activations beside linear and inverse for gradient_informed.equal_paths", "none")
        return self

    @field_validator("activations")
    @classmethod
    def _known_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = tuple(ACTIVATIONS)
        for index, name in enumerate(names):
            if name not in known:
                raise mistake("names of activations", f"{name!r}{did_you_mean(name, known)}")
            if name in names[:index]:
                raise mistake("every name once", f"{name!r} twice")
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
