"""The schema itself: defaults, documentation, hashes."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs import config_hash, differing_keys, result_keys, stage_config
from configs.identity import check_later_end
from configs.schema import Config, Section
from wann.activations import PUBLISHED_ACTIVATIONS
from wann.errors import UserError


def sections(section: type[Section] = Config) -> list[type[Section]]:
    inner = [field.annotation for field in section.model_fields.values()]
    kinds = [kind for annotation in inner for kind in (annotation, *getattr(annotation, "__args__", ()))]
    below = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
    return [section, *(found for kind in below for found in sections(kind))]


def test_defaults_are_the_published_algorithm():
    config = Config()
    assert config.task.name == "cartpole_swingup"
    assert (config.search.strategy, config.search.population, config.generations) == ("published", 192, 1024)
    assert config.evaluation.weights == (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
    assert config.evaluation.rollouts == 3
    assert config.search.activations == PUBLISHED_ACTIVATIONS
    mutation = config.search.mutation
    assert (mutation.add_connection, mutation.insert_node, mutation.enable) == (0.20, 0.25, 0.05)
    assert (mutation.change_activation, mutation.disable, mutation.rewire) == (0.5, 0, 0)
    assert (config.search.tournament_size, config.search.complexity_probability) == (16, 0.8)
    assert (config.search.cull_ratio, config.search.elite_ratio, config.search.initial_connectivity) == (0.2, 0.2, 0.5)


def test_every_key_is_documented_where_it_is_declared():
    bare = [
        f"{s.__name__}.{name}" for s in sections() for name, field in s.model_fields.items() if not field.description
    ]
    assert len(sections()) == 16
    assert bare == []


def test_a_config_cannot_be_changed():
    config = Config()
    with pytest.raises(ValidationError):
        config.seed = 3
    with pytest.raises(ValidationError):
        config.search.population = 3


def test_weights_are_published_unless_some_are_given():
    assert Config.model_validate({"evaluation": {"sampled_weights": {}}}).evaluation.weights is None
    assert Config.model_validate({"evaluation": {"weights": None}}).evaluation.weights is not None
    both = Config.model_validate({"evaluation": {"sampled_weights": {}, "weights": [3]}}).evaluation
    assert both.weights == (3,) and both.sampled_weights is not None


def test_the_hash_is_that_of_canonical_json_without_generations():
    decisive = {key: value for key, value in result_keys(Config()).items() if key != "generations"}
    text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
    assert config_hash(Config()) == hashlib.sha256(text.encode()).hexdigest()


def test_keys_added_later_leave_the_hash_of_before():
    kept = result_keys(Config.model_validate({"evaluation": {"sampled_weights": {}}}))
    assert "restart_after" not in kept["search"]
    assert kept["evaluation"]["sampled_weights"] == {"low": -2, "high": 2, "count": 32}
    later = {"search": {"restart_after": 5}, "evaluation": {"sampled_weights": {"least": 0.1}}}
    added = result_keys(Config.model_validate(later))
    assert differing_keys(kept, added) == ["evaluation.sampled_weights.least", "search.restart_after"]


@pytest.mark.parametrize(
    "change",
    [
        {"workers": {"evaluator": "inline", "num_workers": 3, "timeout_seconds": 5}},
        {"logging": {"tensorboard": False, "checkpoint_every": 7, "checkpoint_seconds": 7}},
        {"replicates": 5},
        {"sweep": {"search.population": [8, 9]}},
        {"generations": 7},
        {"stop": {"mean_return": 3, "best_return": 4, "seconds": 5}},
        {"task": {"name": "cartpole_swingup"}},
    ],
)
def test_the_hash_ignores_what_decides_nothing(change):
    assert config_hash(Config.model_validate(change)) == config_hash(Config())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"seed": 1}, "seed"),
        ({"initial": ["a.json"]}, "initial"),
        ({"task": {"max_steps": 5}}, "task.max_steps"),
        ({"search": {"population": 64}}, "search.population"),
        ({"search": {"extra_mutation": 0.1}}, "search.extra_mutation"),
        ({"evaluation": {"rollouts": 4}}, "evaluation.rollouts"),
        ({"champion": {"objective": "best"}}, "champion.objective"),
        ({"champion": {"worst_share": 0.1}}, "champion.worst_share"),
    ],
)
def test_the_hash_and_the_difference_see_what_decides_results(change, key):
    changed = Config.model_validate(change)
    assert config_hash(changed) != config_hash(Config())
    assert differing_keys(result_keys(Config()), result_keys(changed)) == [key]


def test_keys_that_came_later_are_left_out_at_their_defaults():
    values = {"search": {"strategy": "lower_bound", "lower_bound": {"risk": 0}}, "champion": {"worst_share": None}}
    plain, risky = (
        Config.model_validate(values),
        Config.model_validate(values | {"search": {"strategy": "lower_bound"}}),
    )
    assert config_hash(plain) == config_hash(risky)
    assert "risk" not in result_keys(plain)["search"]["lower_bound"]
    assert not {"worst_share", "side_episodes"} & result_keys(plain)["champion"].keys()


def test_stop_is_a_result_but_for_its_seconds():
    assert "stop" not in result_keys(Config())
    assert "stop" not in result_keys(Config.model_validate({"stop": {"seconds": 5}}))
    config = Config.model_validate({"stop": {"mean_return": 3, "seconds": 5}})
    assert result_keys(config)["stop"] == {"mean_return": 3.0}


def test_a_stop_of_stages_is_part_of_the_hash():
    stages = {"stages": [{"name": "a", "generations": 4}]}
    whole = Config.model_validate(stages)
    assert config_hash(Config.model_validate({**stages, "stop": {"mean_return": 3}})) != config_hash(whole)
    assert config_hash(Config.model_validate({**stages, "stop": {"seconds": 3}})) == config_hash(whole)
    assert "stop" not in result_keys(whole)["stages"][0]
    own = {"stages": [{"name": "a", "generations": 4, "stop": {"mean_return": 3, "seconds": 2}}]}
    assert result_keys(Config.model_validate(own))["stages"][0]["stop"] == {"mean_return": 3}


@pytest.mark.parametrize(
    ("saved", "new", "message"),
    [
        ({}, {"generations": 2000}, ""),
        ({}, {"generations": 3}, "generations: expected at least the 1024 that the run was started with, found 3"),
        ({"mean_return": 3}, {"stop": {"mean_return": 4}}, ""),
        ({"mean_return": 3}, {"stop": {}}, ""),
        ({"mean_return": 3}, {"stop": {"mean_return": 2.5}}, "stop.mean_return: expected none, or at least 3, as the"),
        ({}, {"stop": {"best_return": 2.5}}, "stop.best_return: expected none, as the run was started with, found 2.5"),
        ({"seconds": 9}, {"stop": {"seconds": 2}}, ""),
    ],
)
def test_a_resumed_search_may_end_later_and_not_earlier(saved, new, message):
    saved, new = Config.model_validate({"stop": saved}), Config.model_validate({"stop": saved, **new})
    if not message:
        check_later_end(saved, new)
        return
    with pytest.raises(UserError) as caught:
        check_later_end(saved, new)
    assert str(caught.value).startswith(message)


def test_options_of_a_task_have_one_order():
    one = Config.model_validate({"task": {"b": {"d": 1, "c": 2}, "a": 1}})
    other = Config.model_validate({"task": {"a": 1, "b": {"c": 2, "d": 1}}})
    assert json.dumps(result_keys(one)) == json.dumps(result_keys(other))


def test_differing_keys_tell_kinds_of_numbers_apart():
    assert differing_keys({"a": 1, "b": {"c": 1}}, {"a": True, "b": {"c": 1.0}}) == ["a", "b.c"]
    assert differing_keys({"a": {"b": 1}}, {"a": None, "z": 2}) == ["a", "z"]


PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
TREES = st.recursive(PLAIN, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner), max_leaves=8)
MAPPINGS = st.dictionaries(st.sampled_from("abcd"), TREES)


@given(MAPPINGS, MAPPINGS)
def test_two_mappings_differ_exactly_if_a_key_does(old, new):
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (differing_keys(old, new) == []) == same
    assert differing_keys(old, new) == differing_keys(new, old)


def first_stage(base: dict, **sections) -> Config:
    stage = {"name": "only", "generations": 2, **sections}
    return stage_config(Config.model_validate({**base, "stages": [stage]}), 0)


def test_a_stage_without_sections_is_the_config_itself():
    base = {"seed": 4, "search": {"population": 9}, "task": {"max_steps": 5}}
    assert first_stage(base) == Config.model_validate({**base, "generations": 2})


def test_the_sections_of_a_stage_are_merged_deep():
    base = {
        "search": {"population": 9, "mutation": {"enable": 0.15, "insert_node": 0.15}},
        "task": {"a": {"b": 1, "c": 2}},
    }
    merged = first_stage(base, search={"mutation": {"enable": 0.1, "disable": 0.05}}, task={"a": {"b": 3}, "d": 4})
    assert merged.search.population == 9
    assert merged.search.mutation.model_dump()["insert_node"] == 0.15
    assert (merged.search.mutation.enable, merged.search.mutation.disable) == (0.1, 0.05)
    assert merged.task.options == {"a": {"b": 3, "c": 2}, "d": 4}


def test_a_section_of_comments_changes_nothing():
    base = {"search": {"mutation": {"enable": 0.15, "insert_node": 0.15}}}
    assert first_stage(base, search={"mutation": None}, evaluation=None) == first_stage(base)


def test_a_stage_may_have_the_other_kind_of_weights():
    fixed, sampled = {"evaluation": {"weights": [1, 2]}}, {"evaluation": {"sampled_weights": {"count": 4, "low": 0}}}
    assert first_stage(fixed, evaluation={"sampled_weights": {"count": 3}}).evaluation.weights is None
    assert first_stage(sampled, evaluation={"weights": [3]}).evaluation.sampled_weights is None
    kept = first_stage(sampled, evaluation={"sampled_weights": {"count": 3}}).evaluation.sampled_weights
    assert kept is not None and (kept.count, kept.low) == (3, 0)
    both = {"weights": [3], "sampled_weights": {"count": 3}}
    added = first_stage(fixed, evaluation=both).evaluation
    assert added.weights == (3,) and added.sampled_weights is not None
    kept_both = first_stage({"evaluation": both}, evaluation={"rollouts": 9}).evaluation
    assert kept_both.weights == (3,) and kept_both.sampled_weights is not None


def test_stages_decide_results():
    stages = [{"name": "a", "generations": 2}]
    one, other = (Config.model_validate({"stages": [{**stages[0], **more}]}) for more in ({}, {"generations": 3}))
    assert config_hash(one) != config_hash(other)
    assert differing_keys(result_keys(one), result_keys(other)) == ["generations", "stages"]
