"""A config expanded once: searches, stages, and a plain config for each."""

from pathlib import Path

from configs import from_mapping
from experiment.plan import plan_of, settled

STAGES = [
    {"name": "find", "generations": 2, "restarts": 2, "task": {"max_steps": 50}},
    {"name": "widen", "generations": 3, "search": {"population": 24}},
]


def test_one_search_is_the_run_itself():
    config = from_mapping({"seed": 4})
    plan = plan_of(config)
    (search,) = plan.searches
    assert not plan.is_several
    assert (search.name, search.config, search.stages, search.parts) == ("", config, (), (config,))
    assert search.last == config


def test_stages_have_plain_configs_and_directories():
    (search,) = plan_of(from_mapping({"stages": STAGES, "search": {"population": 30}})).searches
    assert [part.stages for part in search.parts] == [(), ()]
    assert [part.search.population for part in search.parts] == [30, 24]
    assert [part.task.options for part in search.parts] == [{"max_steps": 50}, {}]
    assert [part.generations for part in search.parts] == [2, 3]
    assert search.last == search.stages[1].config
    assert search.stages[0].directory(1) == Path("stages/1-find/restart-001")


def test_a_sweep_of_replicates_with_stages_is_every_search():
    sweep = {"search.population": [32, 48]}
    plan = plan_of(from_mapping({"seed": 7, "replicates": 2, "sweep": sweep, "stages": STAGES}))
    assert plan.is_several
    assert [search.name for search in plan.searches] == [
        f"{number:02d}-population={size}/replicate-00{index}"
        for number, size in ((1, 32), (2, 48))
        for index in range(2)
    ]
    assert [search.config.seed for search in plan.searches] == [7, 8, 7, 8]
    assert not any(search.config.has_children for search in plan.searches)
    assert [search.parts[0].search.population for search in plan.searches] == [32, 32, 48, 48]
    assert [search.combination for search in plan.different] == [{"search.population": 32}, {"search.population": 48}]


def test_expanding_a_search_of_a_plan_changes_nothing():
    plan = plan_of(from_mapping({"replicates": 2, "stages": STAGES}))
    for search in plan.searches:
        (again,) = plan_of(search.config).searches
        assert (again.config, again.stages) == (search.config, search.stages)


def test_a_settled_config_stays_settled():
    config = from_mapping({"task": {"name": "bipedal_walker"}, "stages": [STAGES[0]]})
    once = settled(config)
    assert once.task.options["simulator"] != "auto"
    assert settled(once) == once
