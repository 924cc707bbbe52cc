"""Reading configs: what is accepted, and one sentence for every mistake."""

import os

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configs import Config, config_hash, dump_yaml, from_mapping, load_config
from wann.errors import UserError


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "search.yaml"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def message_of(path, overrides=()) -> str:
    with pytest.raises(UserError) as caught:
        load_config(path, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_config_is_read(write):
    config = load_config(
        write("seed: 7\nsearch:\n  population: 64\n  mutation:\ntask: {name: cartpole_swingup, max_steps: 50}\n")
    )
    assert (config.seed, config.search.population, config.generations) == (7, 64, 1024)
    assert config.task.options == {"max_steps": 50}
    assert config.search.mutation == Config().search.mutation


@pytest.mark.parametrize("number", ["1e-1", "1E-1", ".1", "0.1", "1.0e-1", "+.1e0", "100e-3"])
def test_numbers_may_be_written_as_people_do(write, number):
    config = load_config(write(f"search: {{cull_ratio: {number}}}"), [f"search.elite_ratio={number}"])
    assert config.search.cull_ratio == config.search.elite_ratio == 0.1


@pytest.mark.parametrize("number", ["1000", "1e3", "1.0e+3", "1_000", "1000.0"])
def test_whole_numbers_may_have_an_exponent(write, number):
    generations = load_config(write(f"generations: {number}")).generations
    assert generations == 1000
    assert type(generations) is int


@pytest.mark.parametrize(("written", "seed"), [("0x10", 16), ("007", 7), ("0b11", 3), ("1_0", 10)])
def test_numbers_that_mean_one_thing_are_read(write, written, seed):
    assert load_config(write(f"seed: {written}")).seed == seed


def test_texts_that_look_like_odd_numbers_may_be_quoted(write):
    config = load_config(write("task: {id: '010', when: \"1:30\"}"))
    assert config.task.options == {"id": "010", "when": "1:30"}
    assert load_config(write(dump_yaml(config), "config.yaml")) == config


def test_overrides_apply_in_order(write):
    path = write("seed: 1\nevaluation: {weights: [1, 2]}\n")
    config = load_config(
        path,
        [
            "seed=2",
            "seed=3",
            "workers.evaluator=inline",
            "evaluation={sampled_weights: {count: 4}}",
            "evaluation.sampled_weights.low=-1",
            "task.max_steps=9",
            "initial=[a.json]",
        ],
    )
    assert (config.seed, config.workers.evaluator, config.initial) == (3, "inline", ("a.json",))
    assert config.evaluation.sampled_weights is not None
    assert config.evaluation.sampled_weights.model_dump() == {"low": -1, "high": 2, "count": 4, "least": 0}
    assert config.task.options == {"max_steps": 9}


def test_an_override_can_swap_fixed_weights_for_sampled_ones(write):
    config = load_config(
        write("evaluation: {weights: [1]}"), ["evaluation.weights=null", "evaluation.sampled_weights={}"]
    )
    assert config.evaluation.weights is None
    assert config.evaluation.sampled_weights is not None
    assert config.evaluation.sampled_weights.count == 32


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["evaluation.sampled_weights.count=5", "workers.address=2024-01-01", "initial=['1e6', 'null', 'ä#: b']"],
        ["task.max_steps=12", "task.hard=true", "seed=9223372036854775807"],
        ["search.cull_ratio=0.1234567890123456789", "workers.timeout_seconds=1e300", "search.elite_ratio=1e-300"],
    ],
)
def test_a_written_config_reads_back_equal(write, overrides):
    config = load_config(write("seed: 5"), overrides)
    again = load_config(write(dump_yaml(config), "config.yaml"))
    assert again == config
    assert dump_yaml(again) == dump_yaml(config)
    assert config_hash(again) == config_hash(config)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(min_size=1), max_size=4),
    st.lists(st.floats(-1e6, 1e6), min_size=1),
    st.integers(0, 2**63 - 1),
    st.floats(0, 1, exclude_max=True),
)
def test_any_config_reads_back_equal(tmp_path_factory, texts, weights, seed, ratio):
    config = Config.model_validate(
        {"seed": seed, "initial": texts, "evaluation": {"weights": weights}, "search": {"cull_ratio": ratio}}
    )
    path = tmp_path_factory.mktemp("any") / "config.yaml"
    path.write_text(dump_yaml(config), encoding="utf-8")
    again = load_config(path)
    assert again == config
    assert again.evaluation.weights is not None
    assert [weight.hex() for weight in again.evaluation.weights] == [float(weight).hex() for weight in weights]


def test_a_written_config_is_plain_yaml(write):
    assert yaml.safe_load(dump_yaml(Config()))["evaluation"]["weights"] == [-2, -1, -0.5, 0.5, 1, 2]


# What stands in the file, and the whole message; {path} is the file.
MALFORMED = {
    "empty": ("", "{path}: expected a mapping of config keys, found null"),
    "list": ("- seed: 1\n", "{path}: expected a mapping of config keys, found a list"),
    "text": ("seed\n", "{path}: expected a mapping of config keys, found 'seed'"),
    "unknown key": (
        "seed: 1\nserch:\n  population: 3\n",
        "{path}:2: serch: expected a config key, found none so named (did you mean 'search'?)",
    ),
    "unknown nested key": (
        "search:\n  population: 64\n  populaton: 3\n",
        "{path}:3: search.populaton: expected a config key, found none so named (did you mean 'search.population'?)",
    ),
    "key without its section": (
        "population: 64\n",
        "{path}:1: population: expected a config key, found none so named (did you mean 'search.population'?)",
    ),
    "key like no other": (
        "logging:\n  xyzzy: 1\n",
        "{path}:2: logging.xyzzy: expected a config key, found none so named "
        "(known in logging: tensorboard, progress, report, checkpoint_every, checkpoint_seconds, put_seconds, tracker)",
    ),
    "too small": ("search:\n\n  population: 3\n", "{path}:3: search.population: expected at least 4, found 3"),
    "too large": (
        "seed: 9223372036854775808",
        "{path}:1: seed: expected at most 9223372036854775807, found 9223372036854775808",
    ),
    "out of range": (
        "search: {cull_ratio: 1}",
        "{path}:1: search.cull_ratio: expected less than 1.0, found 1",
    ),
    "negative": ("seed: -1", "{path}:1: seed: expected at least 0, found -1"),
    "text for a count": ("seed: many", "{path}:1: seed: expected a whole number, found 'many'"),
    "quoted number": ("seed: '3'", "{path}:1: seed: expected a whole number, found '3'"),
    "switch for a count": ("generations: yes", "{path}:1: generations: expected a whole number, found true"),
    "switch for a number": (
        "search: {elite_ratio: true}",
        "{path}:1: search.elite_ratio: expected a number, found true",
    ),
    "number for a switch": ("logging: {progress: 1}", "{path}:1: logging.progress: expected true or false, found 1"),
    "fraction for a count": ("generations: 1.5", "{path}:1: generations: expected a whole number, found 1.5"),
    "nothing for a count": ("seed:\n", "{path}:1: seed: expected a whole number, found null"),
    "NaN": ("search: {cull_ratio: .nan}", "{path}:1: search.cull_ratio: expected a finite number, found nan"),
    "infinity in a list": (
        "evaluation:\n  weights:\n  - 1\n  - -.inf\n",
        "{path}:4: evaluation.weights[1]: expected a finite number, found -inf",
    ),
    "infinity by overflow": (
        "workers: {timeout_seconds: 1e999}",
        "{path}:1: workers.timeout_seconds: expected a finite number, found inf",
    ),
    "huge": (
        "seed: 0x" + "f" * 4000,
        "{path}:1: seed: expected a number within the reach of floats, found a huge number",
    ),
    "text in a list": (
        "evaluation:\n  weights: [1, x]\n",
        "{path}:2: evaluation.weights[1]: expected a number, found 'x'",
    ),
    "empty list": (
        "evaluation: {weights: []}",
        "{path}:1: evaluation.weights: expected at least 1 entry, found an empty list",
    ),
    "number for a list": ("evaluation: {weights: 1}", "{path}:1: evaluation.weights: expected a list, found 1"),
    "text for a list": ("initial: champion.json", "{path}:1: initial: expected a list, found 'champion.json'"),
    "number for a section": ("search: 192", "{path}:1: search: expected a mapping, found 192"),
    "wrong choice": (
        "workers: {evaluator: rey}",
        "{path}:1: workers.evaluator: expected inline or ray, found 'rey' (did you mean 'ray'?)",
    ),
    "wrong kind of choice": ("workers: {device: 0}", "{path}:1: workers.device: expected auto or cpu or cuda, found 0"),
    "empty text": ("workers: {address: ''}", "{path}:1: workers.address: expected a text that is not empty, found ''"),
    "unknown activation": (
        "search: {activations: [tanh, sine]}",
        "{path}:1: search.activations: expected names of activations, found 'sine' (did you mean 'sin'?)",
    ),
    "activation twice": (
        "search: {activations: [tanh, sin, tanh]}",
        "{path}:1: search.activations: expected every name once, found 'tanh' twice",
    ),
    "range upside down": (
        "evaluation: {sampled_weights: {low: 3}}",
        "{path}:1: evaluation.sampled_weights: expected low below high, found low 3 and high 2",
    ),
    "key twice": (
        "search:\n  population: 8\n  strategy: published\n  population: 9\n",
        "{path}:4: search.population: expected every key once, found it twice (and on line 2)",
    ),
    "number for a key": ("seed: 1\n1: 2\n", "{path}:2: expected a name as key, found '1'"),
    "list for a key": ("task: {[a]: 2}\n", "{path}:1: expected a name as key in task, found a list or mapping"),
    "octal": (
        "task: {max_steps: 3}\nseed: 010\n",
        "{path}:2: seed: expected a decimal number, found 010, which YAML reads as 8; write 10 or 8",
    ),
    "octal in a list": (
        "evaluation:\n  weights:\n  - 1\n  - -017\n",
        "{path}:4: evaluation.weights[1]: expected a decimal number, found -017, which YAML reads as -15; "
        "write -17 or -15",
    ),
    "octal of YAML 1.2": ("seed: 0o10", "{path}:1: seed: expected a whole number, found '0o10'"),
    "base 60": (
        "generations: 1:30",
        "{path}:1: generations: expected a decimal number, found 1:30, which YAML reads as 90; "
        "write 90, or '1:30' for a text",
    ),
    "base 60 with a fraction": (
        "search: {elite_ratio: 0:00.5}",
        "{path}:1: search.elite_ratio: expected a decimal number, found 0:00.5, which YAML reads as 0.5; "
        "write 0.5, or '0:00.5' for a text",
    ),
    "alias": (
        "initial: &a [x]\nevaluation:\n  weights: *a\n",
        "{path}:3: evaluation.weights: expected values written out, found a YAML alias",
    ),
    "object tag": (
        "seed: !!python/object:os.system 1\n",
        "{path}:1: expected YAML, found text that is none (could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object:os.system')",
    ),
    "date tag": (
        "task: {day: !!timestamp 2024-01-01}",
        "{path}:1: task.day: expected a text, number, switch, list or mapping, found datetime.date(2024, 1, 1)",
    ),
    "half a letter": (
        'task: {name: "a\\uD800"}',
        "{path}:1: task.name: expected valid Unicode, found 'a\\ud800'",
    ),
    "open bracket": (
        "seed: 1\nevaluation: {weights: [1, 2\n",
        "{path}:3: expected YAML, found text that is none (expected ',' or ']', but got '<stream end>')",
    ),
    "tab": (
        "search:\n\tpopulation: 3\n",
        "{path}:2: expected YAML, found text that is none (found character '\\t' that cannot start any token)",
    ),
    "two documents": (
        "seed: 1\n---\nseed: 2\n",
        "{path}:2: expected YAML, found text that is none (but found another document)",
    ),
    "not UTF-8": (b"seed: 1 # \xff\n", "{path}: expected text in UTF-8, found byte 0xff in it"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_config_gets_one_sentence(write, case):
    content, expected = MALFORMED[case]
    path = write(content)
    assert message_of(path) == expected.format(path=path)


@pytest.mark.parametrize("content", ["seed: \x00", "seed: " + "[" * 5000, "seed: " + "9" * 5000, "seed: !!int x"])
def test_strange_text_gets_one_sentence(write, content):
    path = write(content)
    assert message_of(path).startswith(f"{path}: expected YAML, found text that is none (")


# Overrides, and the whole message.
OVERRIDES = {
    "no equals sign": (["seed"], "--set seed: expected KEY=VALUE, found no ="),
    "no key": (["=3"], "--set =3: expected KEY=VALUE, found no key"),
    "unknown section": (
        ["serach.population=3"],
        "--set serach.population=3: serach.population: expected a config key, found none so named "
        "(did you mean 'search.population'?)",
    ),
    "unknown key": (
        ["workers.num_worker=3"],
        "--set workers.num_worker=3: workers.num_worker: expected a config key, found none so named "
        "(did you mean 'workers.num_workers'?)",
    ),
    "unknown key in a mapping": (
        ["workers={num_worker: 3}"],
        "--set workers={num_worker: 3}: workers.num_worker: expected a config key, found none so named "
        "(did you mean 'workers.num_workers'?)",
    ),
    "below a value": (
        ["seed.x=3"],
        "--set seed.x=3: seed.x: expected a key within a mapping, found 1 at seed",
    ),
    "into a list": (
        ["evaluation.weights.0=3"],
        "--set evaluation.weights.0=3: evaluation.weights.0: expected a key within a mapping, "
        "found a list at evaluation.weights; an override replaces a list as a whole: evaluation.weights=[...]",
    ),
    "an entry of a list": (
        ["evaluation.weights[0]=3"],
        "--set evaluation.weights[0]=3: evaluation.weights[0]: expected a config key, found none so named "
        "(an override replaces a list as a whole: evaluation.weights=[...])",
    ),
    "a key of a stage": (
        ["stages[2].stop.mean_return=3"],
        "--set stages[2].stop.mean_return=3: stages[2].stop.mean_return: expected a config key, found none so named "
        "(an override replaces a list as a whole: stages=[...])",
    ),
    "an entry of no list": (
        ["stagse[2].stop.mean_return=3"],
        "--set stagse[2].stop.mean_return=3: stagse[2].stop.mean_return: expected a config key, found none so named "
        "(did you mean 'stages'?)",
    ),
    "wrong value": (["seed=x"], "--set seed=x: seed: expected a whole number, found 'x'"),
    "empty value": (["seed="], "--set seed=: seed: expected a whole number, found null"),
    "the last one counts": (["seed=x", "seed=-1"], "--set seed=-1: seed: expected at least 0, found -1"),
    "infinite": (
        ["search.cull_ratio=.inf"],
        "--set search.cull_ratio=.inf: search.cull_ratio: expected a finite number, found inf",
    ),
    "octal": (
        ["seed=010"],
        "--set seed=010: seed: expected a decimal number, found 010, which YAML reads as 8; write 10 or 8",
    ),
    "not YAML": (
        ["seed=[1,"],
        "--set seed=[1,: expected YAML, found text that is none (expected the node content, but found '<stream end>')",
    ),
    "key twice": (
        ["task={a: 1, a: 2}"],
        "--set task={a: 1, a: 2}: task.a: expected every key once, found it twice",
    ),
    "gap of the whole range": (
        ["evaluation.sampled_weights.least=2"],
        "--set evaluation.sampled_weights.least=2: evaluation.sampled_weights: expected least below the largest weight "
        "of -2 to 2, found 2",
    ),
}


@pytest.mark.parametrize("case", OVERRIDES)
def test_a_wrong_override_gets_one_sentence(write, case):
    overrides, expected = OVERRIDES[case]
    assert message_of(write("seed: 1\nevaluation: {weights: [1, 2]}"), overrides) == expected


def test_an_override_mends_the_file(write):
    assert load_config(write("seed: x"), ["seed=4"]).seed == 4


def test_a_missing_file_names_its_neighbour(write, tmp_path):
    write("seed: 1", "cartpole_swingup.yaml")
    path = tmp_path / "cartpole_swing.yaml"
    near = tmp_path / "cartpole_swingup.yaml"
    assert message_of(path) == f"{path}: expected a config file, found none (did you mean {str(near)!r}?)"


def test_a_missing_directory_is_named(tmp_path):
    path = tmp_path / "none" / "a.yaml"
    expected = f"{path}: expected a config file, found none (there is no directory {str(path.parent)!r})"
    assert message_of(path) == expected


def test_a_directory_is_no_config(tmp_path):
    assert message_of(tmp_path) == f"{tmp_path}: expected a config file, found a directory"


def test_an_impossible_name_is_no_config():
    assert message_of("a\0b.yaml").startswith("a\0b.yaml: expected a readable config file, found none (")


def test_a_forbidden_file_is_named(write):
    path = write("seed: 1")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read every file
        os.seteuid(65534)
    try:
        assert message_of(path).startswith(f"{path}: expected a readable config file, found none (")
    finally:
        os.seteuid(user)


# --- mappings of Python ---


def test_a_mapping_is_a_config():
    config = from_mapping(
        {"seed": 3, "search": {"population": 64}, "evaluation": {"weights": np.array([1.0, 2.0])}, "initial": ("a",)},
        {"generations": np.int64(7), "search": {"elite_ratio": 0.1}, "task.max_steps": 9, "logging.progress": False},
    )
    assert (config.seed, config.generations, config.initial) == (3, 7, ("a",))
    assert (config.search.population, config.search.elite_ratio) == (64, 0.1)
    assert config.evaluation.weights == (1.0, 2.0)
    assert config.task.options == {"max_steps": 9}
    assert not config.logging.progress


def test_a_mapping_overrides_a_file(write):
    config = load_config(write("seed: 1\nsearch: {population: 64}"), {"seed": 2, "search.elite_ratio": 0.1})
    assert (config.seed, config.search.population, config.search.elite_ratio) == (2, 64, 0.1)


@pytest.mark.parametrize(
    ("values", "overrides", "expected"),
    [
        ({"search": {"population": 3}}, {}, "search.population: expected at least 4, found 3"),
        ({}, {"serch": 3}, "serch: expected a config key, found none so named (did you mean 'search'?)"),
        ({"seed": 1}, {"seed.x": 3}, "seed.x: expected a key within a mapping, found 1 at seed"),
        ({"seed": float("nan")}, {}, "seed: expected a finite number, found nan"),
        ({"task": {"f": print}}, {}, "task.f: expected a text, number, switch, list or mapping, found <built-in "),
        ({}, {"search": {"elite_ratio": 2}}, "search.elite_ratio: expected at most 1.0, found 2"),
    ],
)
def test_a_mistake_in_a_mapping_gets_one_sentence(values, overrides, expected):
    with pytest.raises(UserError) as caught:
        from_mapping(values, overrides)
    assert str(caught.value).startswith(expected)


# --- stages ---

STAGES = "seed: 3\nstages:\n- name: discover\n  generations: 3\n- name: refine\n  generations: 4\n"

# What follows the two stages in the file, as part of the second one, and the whole message.
STAGE_MISTAKES = {
    "unknown key": (
        "  serch: {}\n",
        "{path}:7: stages[1].serch: expected a config key, found none so named (did you mean 'stages[1].search'?)",
    ),
    "key like no other": (
        "  xyzzy: 1\n",
        "{path}:7: stages[1].xyzzy: expected a config key, found none so named (known in stages[1]: name, generations, "
        "restarts, enough, survivors, mirrored, relays, task, search, evaluation, champion, stop)",
    ),
    "unknown key in a section": (
        "  search:\n    populaton: 9\n",
        "{path}:8: stages[1].search.populaton: expected a config key, found none so named "
        "(did you mean 'stages[1].search.population'?)",
    ),
    "too small": (
        "  search:\n    population: 3\n",
        "{path}:8: stages[1].search.population: expected at least 4, found 3",
    ),
    "number for a section": ("  search: 4\n", "{path}:7: stages[1].search: expected a mapping, found 4"),
    "gap of the whole range": (
        "  evaluation: {sampled_weights: {low: -3, high: -1, least: 3}}\n",
        "{path}:7: stages[1].evaluation.sampled_weights: expected least below the largest weight of -3 to -1, found 3",
    ),
    "too many survivors": (
        "  search: {population: 8}\n",
        "{path}:3: stages[0].survivors: expected at most 8, the population of the next stage, found 16",
    ),
    "a name twice": (
        "- name: Discover\n  generations: 2\n",
        "{path}:2: stages: expected every name once, found 'Discover' twice",
    ),
    "no directory": (
        "- name: a/b\n  generations: 2\n",
        "{path}:7: stages[2].name: expected letters, digits, - and _ (at most 40), found 'a/b'",
    ),
    "no generations": ("- name: widen\n", "{path}:7: stages[2].generations: expected this key, found none"),
    "a text for generations": (
        "- {name: widen, generations: many}\n",
        "{path}:7: stages[2].generations: expected a whole number, found 'many'",
    ),
    "generations beside stages": (
        "generations: 9\n",
        "{path}:2: stages: expected no generations beside stages, which have their own (7); or stages=[], found 9",
    ),
}


@pytest.mark.parametrize("case", STAGE_MISTAKES)
def test_a_mistake_in_a_stage_gets_one_sentence(write, case):
    content, expected = STAGE_MISTAKES[case]
    path = write(STAGES + content)
    assert message_of(path) == expected.format(path=path)


@pytest.mark.parametrize("change", ["mirrored: true", "relays: 2"])
def test_the_first_stage_has_something_to_mirror_only_beside_initial(write, change):
    stages = f"stages:\n- {{name: a, generations: 3, {change}}}\n"
    name, path = change.split(":")[0], write(stages)
    assert message_of(path) == (
        f"{path}:1: stages: expected {name} only in a stage that follows another, or beside initial, found it in the "
        "first"
    )
    assert load_config(write(f"initial: [champion.json]\n{stages}")).stages[0].name == "a"


@pytest.mark.parametrize(("content", "found"), [("3", "3"), ("{a: 1}", "a mapping"), ("", "null")])
def test_stages_are_a_list(write, content, found):
    path = write(f"stages: {content}")
    assert message_of(path) == f"{path}:1: stages: expected a list, found {found}"


def test_a_config_with_stages_reads_back_equal(write):
    content = (
        STAGES + "  enough: 1e2\n  search:\n    mutation:\n  evaluation: {sampled_weights: {count: 2, low: 1e-1}}\n"
    )
    config = load_config(write(content))
    assert config.generations == 7
    again = load_config(write(dump_yaml(config), "config.yaml"))
    assert again == config
    assert dump_yaml(again) == dump_yaml(config)
    assert config_hash(again) == config_hash(config)
