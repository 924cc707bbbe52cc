"""Sweeps in a config: what they mean, and one sentence for every mistake."""

import pytest
import yaml

from configs import Config, config_hash, dump_yaml, load_config, swept_config
from configs.sweep import MOST_COMBINATIONS, combinations, names, swept_labels
from wann.errors import UserError


def load(tmp_path, text: str, *overrides: str) -> Config:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return load_config(path, overrides)


def test_a_grid_is_all_combinations_the_last_key_fastest(tmp_path):
    text = "sweep:\n  search.population: [64, 192]\n  search.complexity_probability: [0.2, 0.8]\n"
    config = load(tmp_path, text)
    found = [swept_config(config, index) for index in range(4)]
    pairs = [(each.search.population, each.search.complexity_probability) for each in found]
    assert pairs == [(64, 0.2), (64, 0.8), (192, 0.2), (192, 0.8)]
    assert names(combinations(config.sweep))[1] == "02-population=64,complexity_probability=0.8"
    assert not any(each.has_children for each in found)
    assert config_hash(found[3]) == config_hash(Config.model_validate({"search": {"complexity_probability": 0.8}}))


@pytest.mark.parametrize(
    "sweep",
    [
        {"search": {"population": [10, 12]}},
        [{"search.population": 10}, {"search": {"population": 12}}],
        {"search": [{"population": 10}, {"population": 12}]},
    ],
)
def test_keys_may_be_nested_and_combinations_listed(tmp_path, sweep):
    config = load(tmp_path, yaml.safe_dump({"sweep": sweep}))
    assert [swept_config(config, index).search.population for index in range(2)] == [10, 12]
    again = load(tmp_path, dump_yaml(config))
    assert again == config and combinations(again.sweep) == combinations(config.sweep)


def test_an_override_gives_a_sweep(tmp_path):
    config = load(tmp_path, "seed: 3\n", "sweep.search.population=[10, 12]")
    assert [swept_config(config, index).search.population for index in range(2)] == [10, 12]


def test_names_tell_keys_apart_that_end_alike():
    found = combinations({"a.share": [1, 2], "b.share": [1], "c": [[1, 2], None]})
    assert swept_labels(found) == {"a.share": "share", "c": "c"}
    assert names(found) == ["01-share=1,c=1+2", "02-share=1,c=null", "03-share=2,c=1+2", "04-share=2,c=null"]
    assert swept_labels(combinations({"a.share": [1, 2], "b.share": [1, 2]})) == {k: k for k in ("a.share", "b.share")}


def test_names_are_fit_for_directories():
    (name,) = names(combinations([{"task.id": "ALE/../../etc\n" * 20}]))
    assert "/" not in name and "\n" not in name and len(name) < 100


def test_another_task_begins_with_its_own_options(tmp_path):
    text = "task: {name: cartpole_swingup, max_steps: 99}\nsweep:\n  - task: {name: gymnasium, id: CartPole-v1}\n"
    config = load(tmp_path, text + "  - task.max_steps: 50\n")
    assert swept_config(config, 0).task.options == {"id": "CartPole-v1"}
    assert swept_config(config, 1).task.options == {"max_steps": 50}


def test_swept_weights_take_the_place_of_the_others(tmp_path):
    config = load(tmp_path, "sweep: {evaluation.sampled_weights: [{count: 3}, {count: 5}]}\n")
    assert [swept_config(config, index).evaluation.sampled_weights.count for index in range(2)] == [3, 5]


MISTAKES = [
    (
        "sweep:\n  search.population:\n    - 64\n    - 2\n",
        "c.yaml:4: search.population: expected at least 4, found 2; it is in combination 02-population=2 of the sweep",
    ),
    ("sweep:\n  search.population:\n    - 64\n    - many\n", "c.yaml:4: search.population: expected a whole number"),
    ("sweep:\n  search.populaton: [64]\n", "c.yaml:2: search.populaton: expected a config key, found none so named"),
    ("sweep:\n  search.population.x: [1]\n", "c.yaml:2: search.population: expected a whole number, found a mapping"),
    ("sweep:\n  search.population: 64\n", "c.yaml:1: sweep: expected a list of values for search.population, found 64"),
    ("sweep:\n  search.population: []\n", "expected a list of values for search.population, found []"),
    ("sweep: {search.population: [64, 64]}\n", "expected different values of search.population, found 64 twice"),
    ("sweep: {search.population: [64], search: {population: [9]}}\n", "expected every key once"),
    ("sweep: 3\n", "expected keys with lists of values, or a list of combinations, found 3"),
    ("sweep: [3]\n", "expected keys and values in combination 1, found 3"),
    ("sweep: {seed: [1, 2]}\n", "found seed (replicates give each combination several seeds)"),
    ("sweep: {workers.num_workers: [1]}\n", "found workers.num_workers (they decide no result)"),
    ("sweep: [{logging: {progress: true}}]\n", "found logging.progress (it decides no result)"),
    (f"sweep: {{generations: {list(range(1, MOST_COMBINATIONS + 2))}}}\n", "expected at most 1000 combinations, found"),
    ("workers: {parallel: 2}\n", "expected replicates or a sweep for workers.parallel 2, found one search"),
    ("workers: {parallel: 0}\nreplicates: 2\n", "workers.parallel: expected at least 1, found 0"),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[text.replace("\n", " ")[:60] for text, _ in MISTAKES])
def test_a_mistake_is_one_sentence_with_its_place(tmp_path, text, expected):
    with pytest.raises(UserError) as caught:
        load(tmp_path, text)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
