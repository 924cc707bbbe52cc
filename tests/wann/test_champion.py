"""Champion files: exact, equal bytes for equal champions, and one sentence for every mistake in one."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wann.activations import ELEMENTWISE
from wann.champion import Champion, format_champion, load_champion, parse_champion, save_champion
from wann.errors import UserError
from wann.genome import Genome, make_genome

CODES = [entry.code for entry in ELEMENTWISE.values()]


def example() -> Champion:
    """Two inputs, one output, two hidden nodes; the connection 1 -> 3 is disabled."""
    tanh, sin = ELEMENTWISE["tanh"].code, ELEMENTWISE["sin"].code
    genome = make_genome(
        2, 1, [1, 1, 1, 1, tanh, sin], [0, 1, 1, 4, 5], [3, 3, 4, 5, 3], [True, False, True, True, True]
    )
    return Champion(
        genome=genome,
        task="cartpole_swingup",
        task_options={"max_steps": 500, "hard": False},
        input_names=("position", "angle"),
        output_names=("force",),
        weights=(-2.0, 0.1 + 0.2, 1.0),
        returns={"mean": 515.0625, "per_weight": [1.0, None, 3.0]},
        config={"seed": 3, "search": {"population": 64}},
        seed=3,
        generation=41,
        simulator="lane kernels, float32",
        preprocessing=None,
        versions={"numpy": "2.4.0"},
    )


TEXT = """{
  "format_version": 1,
  "task": {"name": "cartpole_swingup", "hard": false, "max_steps": 500},
  "num_inputs": 2,
  "num_outputs": 1,
  "input_names": ["position", "angle"],
  "output_names": ["force"],
  "nodes": [
    {"kind": "bias", "activation": "linear"},
    {"kind": "input", "activation": "linear"},
    {"kind": "input", "activation": "linear"},
    {"kind": "output", "activation": "linear"},
    {"kind": "hidden", "activation": "tanh"},
    {"kind": "hidden", "activation": "sin"}
  ],
  "connections": [
    {"source": 0, "target": 3, "enabled": true},
    {"source": 1, "target": 3, "enabled": false},
    {"source": 1, "target": 4, "enabled": true},
    {"source": 4, "target": 5, "enabled": true},
    {"source": 5, "target": 3, "enabled": true}
  ],
  "weights": [-2.0, 0.30000000000000004, 1.0],
  "returns": {"mean": 515.0625, "per_weight": [1.0, null, 3.0]},
  "config": {"seed": 3, "search": {"population": 64}},
  "seed": 3,
  "generation": 41,
  "simulator": "lane kernels, float32",
  "preprocessing": null,
  "versions": {"numpy": "2.4.0"}
}
"""


def test_delays_and_plasticity_are_in_the_file_where_there_are_any():
    genome = make_genome(
        1, 1, [1, 1, 1], [0, 1, 1, 2], [2, 2, 2, 2], [1, 1, 1, 0], [0, 0, 3, 8], [False, True, False, True]
    )
    champion = replace(example(), genome=genome, input_names=("x",))
    text = format_champion(champion)
    assert [line.strip(" ,") for line in text.splitlines() if '"source"' in line] == [
        '{"source": 0, "target": 2, "enabled": true}',
        '{"source": 1, "target": 2, "enabled": true, "plastic": true}',
        '{"source": 1, "target": 2, "enabled": true, "delay": 3}',
        '{"source": 2, "target": 2, "enabled": false, "delay": 8, "plastic": true}',
    ]
    assert parse_champion(text).genome == genome


def test_the_file_is_what_a_person_reads(tmp_path):
    save_champion(tmp_path / "champion.json", example())
    assert (tmp_path / "champion.json").read_bytes() == TEXT.encode()
    assert load_champion(tmp_path / "champion.json") == example()


def test_long_mappings_take_a_line_for_each_key():
    champion = replace(example(), config={"first": "x" * 60, "second": {"third": ["y" * 60, "z" * 60]}})
    text = format_champion(champion)
    assert parse_champion(text) == champion
    section = text[text.index('  "config"') : text.index('  "seed": 3')]
    assert section.splitlines() == [
        '  "config": {',
        f'    "first": "{"x" * 60}",',
        '    "second": {',
        '      "third": [',
        f'        "{"y" * 60}",',
        f'        "{"z" * 60}"',
        "      ]",
        "    }",
        "  },",
    ]


def test_individual_weights_stand_at_their_connections():
    champion = replace(example(), individual_weights=(0.5, -1e-300, 0.1, 3.0))
    connections = json.loads(format_champion(champion))["connections"]
    assert [connection.get("weight") for connection in connections] == [0.5, None, -1e-300, 0.1, 3.0]
    assert parse_champion(format_champion(champion)) == champion


def test_numbers_of_numpy_are_numbers():
    champion = replace(
        example(),
        weights=tuple(np.array([0.1, 0.2], np.float32)),
        returns={"mean": np.float64(0.1), "all": np.arange(3)},
        seed=np.int64(3),  # type: ignore[arg-type]
        individual_weights=tuple(np.ones(4)),
    )
    found = parse_champion(format_champion(champion))
    assert found.weights == (float(np.float32(0.1)), float(np.float32(0.2)))
    assert found.returns == {"mean": 0.1, "all": [0, 1, 2]}
    assert type(found.seed) is int


@pytest.mark.parametrize(
    "change",
    [
        {"weights": (math.nan,)},
        {"returns": {"mean": math.inf}},
        {"returns": {"mean": object()}},
        {"returns": [1]},
        {"individual_weights": (1.0,)},
        {"individual_weights": (1.0, 2.0, 3.0, math.nan)},
        {"input_names": ("position",)},
        {"task_options": {"name": "x"}},
        {"seed": -1},
        {"generation": 1.5},
        {"versions": {"numpy": 2}},
    ],
)
def test_what_cannot_be_read_is_not_written(tmp_path, change):
    with pytest.raises(ValueError, match=r"expected|JSON"):
        save_champion(tmp_path / "champion.json", replace(example(), **change))
    assert not list(tmp_path.iterdir())


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
MAPPINGS = st.dictionaries(st.text(), JSON, max_size=4)


@st.composite
def genomes(draw) -> Genome:
    num_inputs, num_outputs, num_hidden = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 6))
    fixed = 1 + num_inputs + num_outputs
    hidden = draw(st.permutations(range(fixed, fixed + num_hidden)))
    order = [*range(1 + num_inputs), *hidden, *range(1 + num_inputs, fixed)]
    pairs = [
        (order[i], order[j])
        for i in range(1 + num_inputs + num_hidden)
        for j in range(max(i + 1, 1 + num_inputs), len(order))
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=12))
    enabled = draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=len(order), max_size=len(order)))
    sources, targets = [source for source, _ in chosen], [target for _, target in chosen]
    return make_genome(num_inputs, num_outputs, codes, sources, targets, enabled)


@st.composite
def champions(draw) -> Champion:
    genome = draw(genomes())
    count = genome.num_enabled
    return Champion(
        genome=genome,
        task=draw(st.text()),
        task_options=draw(st.dictionaries(st.text().filter(lambda key: key != "name"), JSON, max_size=3)),
        input_names=tuple(draw(st.lists(st.text(), min_size=genome.num_inputs, max_size=genome.num_inputs))),
        output_names=tuple(draw(st.lists(st.text(), min_size=genome.num_outputs, max_size=genome.num_outputs))),
        weights=tuple(draw(st.lists(FLOATS, max_size=5))),
        returns=draw(MAPPINGS),
        config=draw(MAPPINGS),
        seed=draw(st.integers(0, 2**63 - 1)),
        generation=draw(st.integers(0, 2**40)),
        simulator=draw(st.text()),
        preprocessing=draw(st.none() | MAPPINGS),
        versions=draw(st.dictionaries(st.text(), st.text(), max_size=3)),
        individual_weights=draw(st.none() | st.tuples(*[FLOATS] * count)) if count else None,
    )


@settings(max_examples=150, deadline=None)
@given(champions())
def test_any_champion_comes_back(tmp_path_factory, champion):
    path = tmp_path_factory.getbasetemp() / "champion.json"
    save_champion(path, champion)
    found = load_champion(path)
    assert found == champion
    assert [weight.hex() for weight in found.weights] == [weight.hex() for weight in champion.weights]
    assert format_champion(found).encode() == path.read_bytes()


# --- malformed files ---

Edit = Callable[[dict[str, Any]], object]


def put(*path_and_value: Any) -> Edit:
    *path, key, value = path_and_value

    def edit(document: dict[str, Any]) -> None:
        for step in path:
            document = document[step]
        document[key] = value

    return edit


# An edit of the example, and the whole message after the name of the file.
MALFORMED: dict[str, tuple[Edit, str]] = {
    "unknown key": (
        put("simulater", "x"),
        ": expected known keys only, found 'simulater' (did you mean 'simulator'?)",
    ),
    "missing key": (
        lambda document: [document.pop(key) for key in list(document)[2:]],
        ": expected the key 'num_inputs', found only format_version, task",
    ),
    "newer format": (
        put("format_version", 2),
        ": format_version: expected 1, found 2, written by a newer version of this library",
    ),
    "no format": (put("format_version", "1"), ": format_version: expected a whole number of at least 0, found '1'"),
    "text as task": (put("task", "cartpole"), ": task: expected an object, found 'cartpole'"),
    "nameless task": (
        put("task", {"max_steps": 3}),
        ": task: expected an object with the key 'name', found the keys 'max_steps'",
    ),
    "number as name of the task": (put("task", "name", 3), ": task.name: expected a text, found 3"),
    "no inputs": (put("num_inputs", 0), ": num_inputs: expected a whole number of at least 1, found 0"),
    "switch as count": (put("num_outputs", True), ": num_outputs: expected a whole number of at least 1, found true"),
    "fraction as count": (put("num_inputs", 2.0), ": num_inputs: expected a whole number of at least 1, found 2.0"),
    "too few nodes": (
        put("num_inputs", 9),
        ": nodes: expected at least 11 nodes (bias, inputs and outputs), found 6 of them",
    ),
    "nodes as object": (put("nodes", {}), ": nodes: expected a list, found an object"),
    "text as node": (put("nodes", 4, "tanh"), ": nodes[4]: expected an object, found 'tanh'"),
    "unknown activation": (
        put("nodes", 4, "activation", "tahn"),
        ": nodes[4].activation: expected the name of an activation, found 'tahn' (did you mean 'tanh'?)",
    ),
    "code as activation": (put("nodes", 4, "activation", 5), ": nodes[4].activation: expected a text, found 5"),
    "unknown key of a node": (
        put("nodes", 4, "activatoin", "tanh"),
        ": nodes[4]: expected known keys only, found 'activatoin' (did you mean 'activation'?)",
    ),
    "node without kind": (
        lambda document: document["nodes"][5].pop("kind"),
        ": nodes[5]: expected the key 'kind', found only activation",
    ),
    "kinds out of order": (
        put("nodes", 3, "kind", "hidden"),
        ": nodes[3].kind: expected 'output' (the order is bias, 2 inputs, 1 outputs, hidden nodes), found 'hidden'",
    ),
    "unknown kind": (
        put("nodes", 0, "kind", "baias"),
        ": nodes[0].kind: expected 'bias' (the order is bias, 2 inputs, 1 outputs, hidden nodes), found 'baias'",
    ),
    "source beyond the nodes": (
        put("connections", 2, "source", 6),
        ": connections[2].source: expected the index of a node from 0 to 5, found 6",
    ),
    "negative target": (
        put("connections", 2, "target", -1),
        ": connections[2].target: expected the index of a node from 0 to 5, found -1",
    ),
    "huge target": (
        put("connections", 2, "target", 2**40),
        ": connections[2].target: expected the index of a node from 0 to 5, found 1099511627776",
    ),
    "name as source": (
        put("connections", 2, "source", "angle"),
        ": connections[2].source: expected the index of a node from 0 to 5, found 'angle'",
    ),
    "number as switch": (
        put("connections", 2, "enabled", 1),
        ": connections[2].enabled: expected true or false, found 1",
    ),
    "unknown key of a connection": (
        put("connections", 2, "wieght", 1),
        ": connections[2]: expected known keys only, found 'wieght' (did you mean 'weight'?)",
    ),
    "connection twice": (
        put("connections", 1, "source", 0),
        ": connections: expected a network, found a mistake: connection 1 (0 -> 3) appears twice",
    ),
    "leaves an output": (
        put("connections", 1, {"source": 3, "target": 4, "enabled": True}),
        ": connections: expected a network, found a mistake: connection 1 (3 -> 4) leaves an output node; "
        "outputs have no outgoing connections without a delay",
    ),
    "enters an input": (
        put("connections", 1, "target", 2),
        ": connections: expected a network, found a mistake: connection 1 (1 -> 2) enters the bias or an input node",
    ),
    "cycle of disabled connections": (
        put("connections", 1, {"source": 5, "target": 4, "enabled": False}),
        ": connections: expected a network, found a mistake: the connections form a cycle, 5 -> 4 -> 5; a cycle needs "
        "a connection with a delay",
    ),
    "delay of 0 in a cycle": (
        put("connections", 1, {"source": 5, "target": 4, "enabled": True, "delay": 0}),
        ": connections: expected a network, found a mistake: the connections form a cycle, 5 -> 4 -> 5; a cycle needs "
        "a connection with a delay",
    ),
    "delay of the bias": (
        put("connections", 0, "delay", 2),
        ": connections: expected a network, found a mistake: connection 0 (0 -> 3, delay 2) is delayed and leaves the "
        "bias, which is the same at every step",
    ),
    "long delay": (
        put("connections", 2, "delay", 9),
        ": connections[2].delay: expected steps from 0 to 8, found 9",
    ),
    "text as plasticity": (
        put("connections", 2, "plastic", "yes"),
        ": connections[2].plastic: expected true or false, found 'yes'",
    ),
    "only some weights": (
        put("connections", 0, "weight", 1.5),
        ": connections[2]: expected a weight, as other connections have one, found none",
    ),
    "weight of a disabled connection": (
        lambda document: [connection.update(weight=1.5) for connection in document["connections"]],
        ": connections[1]: expected no weight on a disabled connection, found 1.5",
    ),
    "text as weight": (
        put("connections", 0, "weight", "1"),
        ": connections[0].weight: expected a finite number, found '1'",
    ),
    "null among the weights": (put("weights", 1, None), ": weights[1]: expected a finite number, found null"),
    "huge whole weight": (
        put("weights", 1, 10**400),
        f": weights[1]: expected a finite number, found 1{'0' * 56}...",
    ),
    "one weight": (put("weights", 1.0), ": weights: expected a list, found 1.0"),
    "too few names": (put("input_names", ["a"]), ": input_names: expected 2 names, found 1 of them"),
    "number as name": (put("output_names", [0]), ": output_names[0]: expected a text, found 0"),
    "list of returns": (put("returns", [1]), ": returns: expected an object, found a list"),
    "no config": (put("config", None), ": config: expected an object, found null"),
    "negative seed": (put("seed", -1), ": seed: expected a whole number of at least 0, found -1"),
    "text as generation": (
        put("generation", "last"),
        ": generation: expected a whole number of at least 0, found 'last'",
    ),
    "no simulator": (put("simulator", None), ": simulator: expected a text, found null"),
    "text as preprocessing": (put("preprocessing", "vae"), ": preprocessing: expected an object, found 'vae'"),
    "number as version": (put("versions", "numpy", 2.4), ": versions.numpy: expected a text, found 2.4"),
}


def message_of(path) -> str:
    with pytest.raises(UserError) as caught:
        load_champion(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_champion_gets_one_sentence(tmp_path, case):
    edit, expected = MALFORMED[case]
    document = copy.deepcopy(json.loads(TEXT))
    edit(document)
    path = tmp_path / "champion.json"
    path.write_text(json.dumps(document))
    assert message_of(path) == f"{path}{expected}"


# The bytes of a file, and the whole message after its name.
NOT_JSON = {
    "empty": (b"", ":1: expected JSON, found another text: Expecting value (column 1)"),
    "list": (b"[]", ": expected an object, found a list"),
    "torn": (TEXT[:300].encode(), None),
    "NaN": (TEXT.replace("515.0625", "NaN").encode(), ": expected finite numbers, found NaN"),
    "infinity": (TEXT.replace("515.0625", "-Infinity").encode(), ": expected finite numbers, found -Infinity"),
    "overflow": (TEXT.replace("515.0625", "1e999").encode(), ": expected finite numbers, found 1e999"),
    "key twice": (
        TEXT.replace('"generation": 41', '"seed": 41').encode(),
        ": expected every key once, found 'seed' twice in one object",
    ),
    "not UTF-8": (b'{"\xff": 1}', ": expected text in UTF-8, found byte 0xff in it"),
    "deep": (b"[" * 100_000, None),
    "long": (b"9" * 5000, None),
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_a_file_that_is_no_json_gets_one_sentence(tmp_path, case):
    content, expected = NOT_JSON[case]
    path = tmp_path / "champion.json"
    path.write_bytes(content)
    if expected is None:
        assert message_of(path).startswith(f"{path}:")
        assert "expected JSON" in message_of(path)
    else:
        assert message_of(path) == f"{path}{expected}"


def test_a_missing_file_is_named(tmp_path):
    assert message_of(tmp_path / "none.json") == f"{tmp_path / 'none.json'}: expected a champion file, found none"
    assert message_of(tmp_path) == f"{tmp_path}: expected a champion file, found a directory"
