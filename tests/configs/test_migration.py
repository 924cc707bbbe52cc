"""Configs of earlier layouts mean what they meant."""

import logging

import pytest

from configs import Config, config_hash, load_config, result_keys, stage_config, swept_config
from configs.migration import migrated
from storage.run_directory import RunDirectory
from wann.errors import UserError

OLD_WALKER = """\
search:
  strategy: lower_bound
  newborn_ratio: 0
  age_generations: 1
  confidence: 0.5
stages:
  - {name: discover, generations: 3, search: {strategy: age_fitness, newborn_ratio: 0.1, age_generations: null}}
  - {name: settle, generations: 2, search: {confidence: 3.0, prior_rollouts: 64}}
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> str:
        (tmp_path / "old.yaml").write_text(text)
        return str(tmp_path / "old.yaml")

    return write


def test_stages_keep_their_settings_and_one_line_says_what_moved(write, caplog):
    with caplog.at_level(logging.WARNING):
        config = load_config(write(OLD_WALKER))
    (record,) = caplog.records
    assert "old.yaml" in record.message
    assert "search.confidence is search.lower_bound.confidence now" in record.message
    assert "stages[1].search.prior_rollouts is stages[1].search.lower_bound.prior_rollouts now" in record.message
    discover, settle = (stage_config(config, index).search for index in range(2))
    assert discover.age_fitness is not None and settle.lower_bound is not None
    assert discover.lower_bound is None and settle.age_fitness is None
    assert discover.age_fitness.model_dump() == {"newborn_ratio": 0.1, "age_generations": None, "lifetime": True}
    assert settle.lower_bound.model_dump() == {
        "newborn_ratio": 0,
        "age_generations": 1,
        "confidence": 3.0,
        "prior_rollouts": 64,
        "risk": 0.0,
    }


def test_a_stage_inherits_what_it_shared_with_another_strategy(write):
    text = "search: {strategy: lower_bound, newborn_ratio: 0}\nstages:\n"
    config = load_config(write(text + "  - {name: a, generations: 1, search: {strategy: age_fitness}}"))
    found = stage_config(config, 0).search.age_fitness
    assert found is not None and found.newborn_ratio == 0


def test_todays_layout_is_left_alone(write, caplog):
    with caplog.at_level(logging.WARNING):
        load_config(write("search: {strategy: lower_bound, lower_bound: {confidence: 2}}"))
    assert not caplog.records
    values = {"seed": 3, "search": {"population": 8}, "sweep": {"search.population": [8, 9]}}
    assert migrated(values) == (values, [])


@pytest.mark.parametrize("overrides", [[], ["logging.progress=false"]])
def test_a_resumed_run_says_once_what_moved(tmp_path, caplog, overrides):
    with RunDirectory.create(tmp_path / "run", Config()):
        pass
    (tmp_path / "run" / "config.yaml").write_text(OLD_WALKER)
    with caplog.at_level(logging.WARNING), RunDirectory.open_existing(tmp_path / "run", overrides) as run:
        assert run.config.logging.progress is not bool(overrides)
    (record,) = caplog.records
    assert "keys of an earlier version" in record.message


def test_overrides_of_old_keys_win(write):
    path = write("search: {strategy: lower_bound, lower_bound: {confidence: 2}}")
    found = load_config(path, ["search.confidence=3"]).search.lower_bound
    assert found is not None and found.confidence == 3


def test_a_mistake_in_an_old_key_is_said_where_it_stands(write):
    with pytest.raises(UserError, match=r"old.yaml:3: search.lower_bound.confidence: expected at most 10.0, found 11"):
        load_config(write("search:\n  strategy: lower_bound\n  confidence: 11\n"))


def test_keys_without_effect_are_left_out():
    values, moves = migrated({"search": {"confidence": 2.0, "gradient": None}})
    assert values == {"search": {}}
    assert [str(move) for move in moves] == [
        f"search.{key} has no effect, left out" for key in ("confidence", "gradient")
    ]


def test_the_gradient_section_has_the_name_of_its_strategy():
    values = {"search": {"strategy": "gradient_informed", "gradient": {"lineages": 3}}}
    config = Config.model_validate(values)
    assert config.search.gradient_informed is not None and config.search.gradient_informed.lineages == 3


def test_a_stored_config_of_before_has_the_hash_of_today():
    """Checkpoints hold every key, those of other strategies too."""
    for strategy in ("published", "age_fitness", "lower_bound", "gradient_informed"):
        config = Config.model_validate({"search": {"strategy": strategy}})
        stored = result_keys(config)
        own = stored["search"].pop(strategy, {})
        common = {"newborn_ratio": 0.02, "age_generations": None, "confidence": 1.0, "prior_rollouts": 4}
        gradient = own if strategy == "gradient_informed" else None
        stored["search"] |= {**common, "gradient": gradient} | (own if gradient is None else {})
        assert config_hash(Config.model_validate(stored)) == config_hash(config)


def test_sweeps_keep_their_combinations():
    one = Config.model_validate(
        {"search": {"strategy": "lower_bound"}, "sweep": {"search.confidence": [1, 2], "search.population": [8, 9]}}
    )
    assert one.sweep == {"search.lower_bound.confidence": [1, 2], "search.population": [8, 9]}
    two = Config.model_validate(
        {"sweep": {"search.strategy": ["age_fitness", "lower_bound"], "search": {"newborn_ratio": [0.0, 0.1]}}}
    )
    found = [swept_config(two, index).search for index in range(4)]
    assert [search.strategy for search in found] == ["age_fitness"] * 2 + ["lower_bound"] * 2
    assert [getattr(search, search.strategy).newborn_ratio for search in found] == [0, 0.1, 0, 0.1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "search:\n  lower_bound: {confidence: 2}\n",
            "{path}:2: search.lower_bound: expected no section but that of the chosen strategy, found one of "
            "'lower_bound'",
        ),
        (
            "search: {strategy: lower_bound}\nstages:\n  - name: a\n    generations: 1\n    search:\n"
            "      age_fitness: {newborn_ratio: 0}\n",
            "{path}:6: stages[0].search.age_fitness: expected no section but that of the chosen strategy, found one of "
            "'age_fitness'",
        ),
        (
            "sweep:\n  search.strategy: [published, lower_bound]\n  search.lower_bound.confidence: [1, 2]\n",
            "{path}:1: sweep.search.lower_bound: expected no section but that of the combination's strategy, found one "
            "of 'lower_bound'",
        ),
    ],
)
def test_sections_that_nothing_uses_are_refused(write, text, message):
    path = write(text)
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert str(caught.value) == message.format(path=path)


def test_sections_of_all_swept_strategies_are_welcome(write):
    text = "search: {lower_bound: {confidence: 2}}\nsweep: {search.strategy: [published, lower_bound]}\n"
    config = load_config(write(text))
    published, bound = (swept_config(config, index).search for index in range(2))
    assert published.lower_bound is None
    assert bound.lower_bound is not None and bound.lower_bound.confidence == 2
