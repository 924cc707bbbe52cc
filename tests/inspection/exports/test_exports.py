"""Exports of champions: each file is read back by what it is for, and says what the oracle says."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import json
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspection.exports.registry import EXPORTS, export_champion
from inspection.exports.texts import printable
from inspection.weights import best_weight
from networks import random_genome
from wann.activations import ELEMENTWISE
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.genome import Genome, make_genome
from wann.network import compile_genome
from wann.oracle import forward

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pydot = pytest.importorskip("pydot")
sympy = pytest.importorskip("sympy")
torch = pytest.importorskip("torch")

COMMITTED = ("swingup_one_weight", "racer_one_weight", "walker_one_weight", "mnist_equal_paths_200")
SHARED = (-2.0, -0.7, 0.5, 1.0, 1.9)
NUM_OBSERVATIONS = 200


# --- champions ---


def champion_of(genome: Genome, **changes) -> Champion:
    plain = Champion(
        genome=genome,
        task="cartpole_swingup",
        input_names=tuple(f"input number {k}" for k in range(genome.num_inputs)),
        output_names=tuple(f"output number {k}" for k in range(genome.num_outputs)),
        weights=(1.0,),
        returns={},
        config={},
        seed=0,
        generation=0,
        simulator="",
    )
    return dataclasses.replace(plain, **changes)


def tuned(champion: Champion, seed: int = 0) -> Champion:
    own = np.random.default_rng(seed).normal(size=champion.genome.num_enabled)
    return dataclasses.replace(champion, individual_weights=tuple(own.tolist()))


def all_activations() -> Genome:
    """A hidden node of each activation on two inputs and the bias, twice deep, all summed by both outputs."""
    codes = [entry.code for entry in ELEMENTWISE.values()]
    first, second = np.arange(5, 15), np.arange(15, 25)
    pairs = [(source, node) for node in first for source in (0, 1, 2)]
    pairs += [(before, node) for before, node in zip(first, second, strict=True)]
    pairs += [(source, node) for node in second for source in (1, 2)]
    pairs += [(node, output) for node in (*first, *second) for output in (3, 4)]
    sources, targets = np.array(pairs).T
    return make_genome(2, 2, [1, 1, 1, 1, 6, *codes, *codes[::-1]], sources, targets, np.ones(len(pairs), bool))


def odd_genomes() -> dict[str, Genome]:
    def genome(connections: list[tuple[int, int, bool]], hidden: tuple[int, ...] = ()) -> Genome:
        sources, targets, enabled = zip(*connections, strict=True) if connections else ((), (), ())
        return make_genome(2, 2, [1, 1, 1, 1, 1, *hidden], sources, targets, enabled)

    return {
        "no connection": genome([]),
        "all disabled": genome([(0, 3, False), (1, 4, False)]),
        "bias alone": genome([(0, 3, True)]),
        "nothing feeds a hidden node": genome([(5, 3, True), (1, 4, True)], hidden=(10,)),
        "a dead hidden node": genome([(1, 5, True), (1, 3, True), (2, 5, True), (2, 4, True)], hidden=(5,)),
    }


CHAMPIONS: dict[str, Callable[[], Champion]] = {
    **{name: lambda name=name: load_champion(Path("docs/champions") / f"{name}.json") for name in COMMITTED},
    **{
        f"random {seed}": lambda seed=seed: champion_of(random_genome(4, 3, np.random.default_rng(seed), max_hidden=12))
        for seed in range(6)
    },
    "all activations": lambda: champion_of(all_activations()),
    **{name: lambda genome=genome: champion_of(genome) for name, genome in odd_genomes().items()},
}
champion_named = lru_cache(lambda name: CHAMPIONS[name]())


def observations(champion: Champion, count: int = NUM_OBSERVATIONS) -> np.ndarray:
    """[B, I] float32 numbers; of images between 0 and 1."""
    rng = np.random.default_rng(7)
    shape = (count, champion.genome.num_inputs)
    drawn = rng.random(shape) if champion.task == "classification" else rng.normal(size=shape)
    return drawn.astype(np.float32).astype(np.float64)


def oracle(champion: Champion, weight: float | None, inputs: np.ndarray) -> np.ndarray:
    """[B, O]"""
    setting = [weight] if weight is not None else [champion.individual_weights]
    return forward(compile_genome(champion.genome), np.array(setting, np.float64), inputs)[0]


# --- what reads each format: a model, [B, I] and a weight (None: its own) to [B, O] ---


Model = Callable[[np.ndarray, float | None], np.ndarray]


def onnx_of(path: Path) -> Model:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3  # it warns that a weight is an input
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def compute(inputs: np.ndarray, weight: float | None) -> np.ndarray:
        own = {} if weight is None else {"weight": np.array(weight, np.float32)}
        return session.run(["output"], {"observation": inputs.astype(np.float32), **own})[0]

    return compute


def module_of(path: Path):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torch_of(path: Path) -> Model:
    network = module_of(path).ChampionNetwork()

    def compute(inputs: np.ndarray, weight: float | None) -> np.ndarray:
        own = None if weight is None else torch.tensor(weight)
        with torch.no_grad():
            return network(torch.tensor(inputs, dtype=torch.float32), own).numpy()

    return compute


def formula_of(path: Path) -> Model:
    """Line by line, as SymPy understands it."""
    text = path.read_text(encoding="utf-8").split("\n")
    lines = [line.split(" = ") for line in text if line and not line.startswith("#")]
    inputs = [line.removeprefix("# input ").split(":")[0] for line in text if line.startswith("# input ")]
    outputs = [line.removeprefix("# output ").split(":")[0] for line in text if line.startswith("# output ")]
    own = [float(line.rsplit(" ", 1)[1].rstrip(".")) for line in text if line.startswith("# w is")]
    symbols = {name: sympy.Symbol(name) for name in ("w", *inputs, *(name for name, _ in lines))}
    steps = []
    for name, expression in lines:
        parsed = sympy.parse_expr(expression, local_dict=symbols)
        used = sorted(parsed.free_symbols, key=str)
        steps.append((name, [str(symbol) for symbol in used], sympy.lambdify(used, parsed, "numpy")))

    def compute(observed: np.ndarray, weight: float | None) -> np.ndarray:
        values = dict(zip(inputs, observed.T, strict=True))
        values["w"] = weight if weight is not None else own[0] if own else np.nan
        for name, used, function in steps:
            values[name] = np.broadcast_to(function(*(values[symbol] for symbol in used)), len(observed))
        return np.stack([values[name] for name in outputs], axis=1)

    return compute


MODELS = {"onnx": (onnx_of, 1e-5), "torch": (torch_of, 1e-5), "sympy": (formula_of, 1e-12)}


# --- and each graph: the genome, and the weights of its enabled connections where they are its own ---


def graphml_genome(path: Path) -> tuple[Genome, list[float] | None]:
    graph = nx.read_graphml(path)
    nodes = [graph.nodes[f"n{node}"] for node in range(len(graph))]
    edges = sorted(graph.edges(data=True), key=lambda edge: edge[2]["gene"])
    genome = make_genome(
        graph.graph["num_inputs"],
        graph.graph["num_outputs"],
        [ELEMENTWISE[node["activation"]].code for node in nodes],
        [int(source[1:]) for source, _, _ in edges],
        [int(target[1:]) for _, target, _ in edges],
        [data["enabled"] for _, _, data in edges],
    )
    return genome, [data["weight"] for _, _, data in edges if data["enabled"]]


def dot_genome(path: Path) -> tuple[Genome, list[float] | None]:
    (graph,) = pydot.graph_from_dot_file(path, encoding="utf-8")
    drawn = {
        int(node.get_name()[1:]): node.obj_dict["attributes"]
        for node in graph.get_nodes()
        if node.get_name() not in ("node", "graph", "edge", '"\\n"')
    }
    place = {node: index for index, node in enumerate(sorted(drawn))}
    kinds = [drawn[node]["kind"].strip('"') for node in sorted(drawn)]
    edges = [(place[int(e.get_source()[1:])], place[int(e.get_destination()[1:])], e) for e in graph.get_edges()]
    genome = make_genome(
        kinds.count("input"),
        kinds.count("output"),
        [ELEMENTWISE[drawn[node]["activation"].strip('"')].code for node in sorted(drawn)],
        [source for source, _, _ in edges],
        [target for _, target, _ in edges],
        [True for _ in edges],
    )
    own = [edge.get("connection_weight") for _, _, edge in edges]
    return genome, [float(weight.strip('"')) for weight in own] if own and own[0] is not None else None


GRAPHS = {"graphml": graphml_genome, "dot": dot_genome}


# --- what they say ---


def test_every_format_is_read_back_here():
    assert {*MODELS, *GRAPHS} == set(EXPORTS)


@pytest.mark.parametrize("name", CHAMPIONS)
@pytest.mark.parametrize("format", MODELS)
def test_models_compute_what_the_oracle_does(tmp_path, format, name):
    read, tolerance = MODELS[format]
    champion = champion_named(name)
    inputs = observations(champion)
    (path,) = export_champion(champion, tmp_path, [format], 1.5)
    model = read(path)
    for weight in (*SHARED, None):
        expected = oracle(champion, 1.5 if weight is None else weight, inputs)
        np.testing.assert_allclose(model(inputs, weight), expected, rtol=tolerance, atol=tolerance)
    champion = tuned(champion)
    (path,) = export_champion(champion, tmp_path, [format], None)
    expected = oracle(champion, None, inputs)
    np.testing.assert_allclose(read(path)(inputs, None), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", [name for name in CHAMPIONS if not name.startswith("mnist")])  # pydot takes a minute
@pytest.mark.parametrize("format", GRAPHS)
def test_graphs_are_the_same_network(tmp_path, format, name):
    champion = tuned(champion_named(name))
    (path,) = export_champion(champion, tmp_path, [format], None)
    genome, weights = GRAPHS[format](path)
    assert_same_network(genome, champion.genome)
    inputs = observations(champion, 20)
    found = forward(compile_genome(genome), np.array([weights or []], np.float64), inputs)[0]
    np.testing.assert_allclose(found, oracle(champion, None, inputs), rtol=1e-12, atol=1e-12)


def assert_same_network(found: Genome, expected: Genome) -> None:
    assert compile_genome(found).structural_hash == compile_genome(expected).structural_hash


def test_graphml_has_every_gene_in_order(tmp_path):
    champion = tuned(champion_named("swingup_one_weight"))
    (path,) = export_champion(champion, tmp_path, ["graphml"], None)
    genome, weights = graphml_genome(path)
    assert genome == champion.genome and tuple(weights) == champion.individual_weights
    assert not genome.enabled.all()
    graph = nx.read_graphml(path)
    assert graph.graph["task"] == "cartpole_swingup"
    assert [graph.nodes[f"n{node}"]["name"] for node in range(1, 7)] == [*champion.input_names, "force"]
    levels = nx.get_node_attributes(graph, "level")
    assert all(levels[a] < levels[b] for a, b, enabled in graph.edges(data="enabled") if enabled)
    assert {levels[f"n{node}"] for node in range(6)} == {0} and levels["n6"] == max(levels.values())


@pytest.mark.slow
def test_dot_ranks_follow_the_connections(tmp_path):
    (path,) = export_champion(champion_named("walker_one_weight"), tmp_path, ["dot"], 1.0)
    (graph,) = pydot.graph_from_dot_file(path)
    rank = {node.get_name(): k for k, part in enumerate(graph.get_subgraphs()) for node in part.get_nodes()}
    assert len(graph.get_edges()) == compile_genome(champion_named("walker_one_weight").genome).num_connections
    assert all(rank[edge.get_source()] < rank[edge.get_destination()] for edge in graph.get_edges())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), weight=st.sampled_from(SHARED))
def test_whatever_network(tmp_path, seed, weight):
    rng = np.random.default_rng(seed)
    genome = random_genome(int(rng.integers(1, 5)), int(rng.integers(1, 4)), rng, max_hidden=8)
    champion = champion_of(genome)
    inputs = observations(champion, 20)
    expected = oracle(champion, weight, inputs)
    float32 = forward(compile_genome(genome), np.array([weight]), inputs, np.float32)[0]
    # Sines of large sums, and steps, tell float32 from float64: no model in float32 can be nearer than that.
    judged = np.abs(float32 - expected) < 1e-6
    for path, (read, tolerance) in zip(
        export_champion(champion, tmp_path, list(MODELS), weight), MODELS.values(), strict=True
    ):
        found = read(path)(inputs, None)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found[judged], expected[judged], rtol=tolerance, atol=tolerance)
    for path, read_genome in zip(
        export_champion(champion, tmp_path, list(GRAPHS), weight), GRAPHS.values(), strict=True
    ):
        assert_same_network(read_genome(path)[0], genome)


def test_large_champions_are_written_in_seconds(tmp_path):
    champion = load_champion("docs/champions/mnist_equal_paths.json")
    export_champion(champion_named("swingup_one_weight"), tmp_path, list(EXPORTS), 1.0)  # imports
    start = time.perf_counter()
    paths = export_champion(champion, tmp_path, list(EXPORTS), 1.0)
    assert time.perf_counter() - start < 10
    assert max(path.stat().st_size for path in paths) < 1_500_000
    inputs = observations(champion, 50)
    expected = oracle(champion, 1.0, inputs)
    for name in ("onnx", "torch"):
        found = MODELS[name][0](tmp_path / EXPORTS[name].file_name)(inputs, None)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


# --- each format ---


def test_the_onnx_model_says_what_it_is(tmp_path):
    champion = champion_named("swingup_one_weight")
    (path,) = export_champion(champion, tmp_path, ["onnx"], 1.9)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [(each.name, each.shape) for each in session.get_inputs()] == [("observation", ["batch", 5])]
    assert [(each.name, each.shape) for each in session.get_overridable_initializers()] == [("weight", [])]
    assert [(each.name, each.shape) for each in session.get_outputs()] == [("output", ["batch", 1])]
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["task"] == "cartpole_swingup"
    assert json.loads(metadata["weight"]) == 1.9
    assert "10 N is the force" in json.loads(metadata["actions"])["rule"]
    assert json.loads(metadata["input_names"]) == list(champion.input_names)
    assert json.loads(metadata["output_names"]) == ["force"]
    assert session.run(None, {"observation": np.zeros((0, 5), np.float32)})[0].shape == (0, 1)
    (path,) = export_champion(tuned(champion), tmp_path, ["onnx"], None)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert not session.get_overridable_initializers()


def test_the_torch_file_needs_torch_alone_and_can_be_trained(tmp_path):
    champion = tuned(champion_named("walker_one_weight"))
    (path,) = export_champion(champion, tmp_path, ["torch"], None)
    imported = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {getattr(node, "module", None) or node.names[0].name for node in imported} == {"torch", "collections.abc"}
    module = module_of(path)
    assert champion.input_names == module.INPUT_NAMES and champion.output_names == module.OUTPUT_NAMES
    assert champion.individual_weights == module.WEIGHTS
    network = module.ChampionNetwork()
    inputs = observations(champion, 10)
    network(torch.tensor(inputs, dtype=torch.float32)).square().sum().backward()
    live = compile_genome(champion.genome).connection_ids
    assert np.count_nonzero(network.weights.grad.numpy()[live]) > len(live) / 2
    shared = module.ChampionNetwork(-0.7).double()(torch.tensor(inputs)).detach().numpy()
    np.testing.assert_allclose(shared, oracle(champion, -0.7, inputs), rtol=1e-6, atol=1e-6)
    restored = module.ChampionNetwork(np.zeros(champion.genome.num_enabled))
    restored.load_state_dict(network.state_dict())
    assert torch.equal(restored.weights, network.weights)


def test_a_formula_is_read_by_a_person(tmp_path):
    genome = make_genome(
        2, 2, [1] * 5 + [ELEMENTWISE["relu"].code] * 2, [1, 2, 0, 5, 0, 5, 6], [5, 5, 6, 3, 3, 4, 4], [True] * 7
    )
    champion = champion_of(genome, input_names=("hip angle", "2 lights"), output_names=("lambda", "sin"))
    (path,) = export_champion(champion, tmp_path, ["sympy"], 0.5)
    assert path.read_text() == (
        "# The network of a champion of the task cartpole_swingup, in SymPy's syntax.\n"
        "# w is the weight that all connections share; here 0.5.\n"
        "# input hip_angle: hip angle\n"
        "# input input_2_lights: 2 lights\n"
        "# output output_lambda: lambda\n"
        "# output output_sin: sin\n"
        "h1 = Max(0, w*(hip_angle + input_2_lights))\n"
        "h2 = Max(0, w)\n"
        "output_lambda = w*(1 + h1)\n"
        "output_sin = w*(h1 + h2)\n"
    )
    own = dataclasses.replace(champion, individual_weights=(0.1, -2.0, 3.0, 1e-7, -1.5, 1.0, -1.0))
    (path,) = export_champion(own, tmp_path, ["sympy"], None)
    assert "Max(0, 0.1*hip_angle - 2.0*input_2_lights)" in path.read_text()
    assert " = Max(0, 3.0)\n" in path.read_text()


# --- files that want to do harm ---

HOSTILE = (
    '"; label="x" ];} digraph evil {',
    "'''\nimport os; os.system('touch harmed')\n'''",
    '"""\nraise SystemExit\n"""',
    "\\",
    '\\"',
    "a\\nb\\",
    "</data><script>alert(1)</script>]]>&amp;<!--",
    "line\r\nbreak\u2028here\x85\x0b\x0c",
    "\x00\x01\x1b[31m\x7f",
    "\ud800 half a pair, and the other half \udfff",
    "\ufffe\uffff\u202e gnirts",
    "",
    "  ",
    "=cmd|' /C calc'!A0",
    "__import__('os').system('touch harmed')",
    "w",
    "h1",
    "h1",
    "sin",
    "E",
    "\N{GREEK SMALL LETTER PI} \N{SNOWMAN} \N{MATHEMATICAL BOLD SMALL X}",
    "%d {0} ${x} \\N \\G {{",
    "# input x: y\nh9 = 1",
    "x" * 5000,
)
texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(HOSTILE)


def assert_reads_back(champion: Champion, directory: Path) -> None:
    """Every format, with the same numbers, and each name as it can be printed."""
    paths = dict(zip(EXPORTS, export_champion(champion, directory, list(EXPORTS), 0.5), strict=True))
    inputs = observations(champion, 5)
    for name, (read, tolerance) in MODELS.items():
        np.testing.assert_allclose(
            read(paths[name])(inputs, None), oracle(champion, 0.5, inputs), rtol=tolerance, atol=tolerance
        )
    for name, read_genome in GRAPHS.items():
        assert_same_network(read_genome(paths[name])[0], champion.genome)
    names = (*champion.input_names, *champion.output_names)
    module = module_of(paths["torch"])
    assert (*module.INPUT_NAMES, *module.OUTPUT_NAMES) == names and champion.task == module.TASK["name"]
    metadata = {each.key: each.value for each in onnx.load(paths["onnx"]).metadata_props}
    assert (*json.loads(metadata["input_names"]), *json.loads(metadata["output_names"])) == names
    graph = nx.read_graphml(paths["graphml"])
    assert [graph.nodes[f"n{k + 1}"].get("name", "") for k in range(len(names))] == [printable(n) for n in names]
    for path in paths.values():
        if path.suffix != ".onnx":
            path.read_bytes().decode("utf-8")


def test_hostile_names_are_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    genome = random_genome(len(HOSTILE), len(HOSTILE), np.random.default_rng(3))
    for task in HOSTILE:
        plain = champion_of(genome, task=task)
        export_champion(plain, tmp_path, list(EXPORTS), 0.5)
        assert task == module_of(tmp_path / "champion_torch.py").TASK["name"]
    assert_reads_back(champion_of(genome, input_names=HOSTILE, output_names=HOSTILE[::-1], task=HOSTILE[1]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {each.file_name for each in EXPORTS.values()}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(texts, min_size=5, max_size=5), task=texts)
def test_any_text_can_be_a_name(tmp_path, names, task):
    genome = random_genome(3, 2, np.random.default_rng(0))
    assert_reads_back(
        champion_of(genome, input_names=tuple(names[:3]), output_names=tuple(names[3:]), task=task), tmp_path
    )


@given(texts)
def test_printable_texts_are_one_line(text):
    shown = printable(text)
    assert len(shown.splitlines()) <= 1 and shown.isprintable()
    shown.encode("utf-8")
    assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == text


@pytest.mark.slow
@pytest.mark.parametrize("individual", [False, True])
def test_a_trace_of_the_torch_module_takes_batches_of_any_size(tmp_path, individual):
    champion = champion_named("all activations")
    champion = tuned(champion) if individual else champion
    (path,) = export_champion(champion, tmp_path, ["torch"])
    module = module_of(path).ChampionNetwork()
    inputs = torch.as_tensor(observations(champion, 7))
    traced = torch.jit.trace(module, inputs[:2].float())
    exported = torch.export.export(
        module, (inputs[:2].float(),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},)
    ).module()
    for count in (1, 7):
        batch = inputs[:count].float()
        expected = module(batch).detach().numpy()
        np.testing.assert_array_equal(traced(batch).detach().numpy(), expected)
        np.testing.assert_allclose(exported(batch).detach().numpy(), expected, atol=1e-6)


def test_models_name_the_environment_and_what_its_actions_are(tmp_path):
    champion = champion_of(
        random_genome(4, 2, np.random.default_rng(0)), task="gymnasium", task_options={"id": "CartPole-v1"}
    )
    onnx_path, torch_path = export_champion(champion, tmp_path, ["onnx", "torch"], 0.5)
    metadata = {entry.key: entry.value for entry in onnx.load(onnx_path).metadata_props}
    assert json.loads(metadata["task_options"]) == {"id": "CartPole-v1"}
    assert json.loads(metadata["weight"]) == 0.5
    module = module_of(torch_path)
    assert module.TASK == {"name": "gymnasium", "id": "CartPole-v1"}
    for found in (json.loads(metadata["actions"]), module.ACTIONS):
        assert found["kind"] == "argmax" and found["start"] == 0
    unknown = dataclasses.replace(champion, task_options={"id": "NoSuchEnvironment-v0"})
    (path,) = export_champion(unknown, tmp_path / "unknown", ["onnx"], 0.5)
    assert {entry.key: entry.value for entry in onnx.load(path).metadata_props}["actions"] == "null"


# --- weights and mistakes ---


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"returns": {"best_shared_weight": {"weight": 1.4, "mean": 9.0}}}, 1.4),
        ({"returns": {"per_weight": [{"weight": -1, "mean": 3.0}, {"weight": 2, "mean": 8.0}, {"weight": 3}]}}, 2.0),
        ({"weights": (0.3, 0.4)}, 0.3),
        ({"weights": ()}, 1.0),
        ({"returns": {"best_shared_weight": "1.4", "per_weight": [7, None]}, "weights": (0.3,)}, 0.3),
        ({"individual_weights": (1.0,)}, None),
    ],
)
def test_the_weight_to_export_with(changes, expected):
    genome = make_genome(2, 2, [1] * 5, [1], [3], [True])
    assert best_weight(champion_of(genome, **changes)) == expected
    assert best_weight(champion_named("swingup_one_weight")) == 1.74


def test_equal_champions_give_equal_bytes(tmp_path):
    champion = champion_named("walker_one_weight")
    first = [path.read_bytes() for path in export_champion(champion, tmp_path / "deep" / "a", list(EXPORTS), 0.9)]
    again = [path.read_bytes() for path in export_champion(champion, tmp_path / "b", list(EXPORTS), 0.9)]
    assert first == again


@pytest.mark.parametrize(
    ("formats", "weight", "message"),
    [
        (["onx"], 1.0, r"export: expected formats of onnx, .*, found 'onx' \(did you mean 'onnx'\?\)"),
        (["dot"], np.nan, "weight: expected a finite number, found nan"),
        (["onnx"], 1e300, r"weight: expected one that float32 can hold, found 1e\+300"),
    ],
)
def test_mistakes(tmp_path, formats, weight, message):
    with pytest.raises(UserError, match=message) as caught:
        export_champion(champion_named("swingup_one_weight"), tmp_path / "out", formats, weight)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_directory_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match=r"champion\.dot: expected a path that can be written, found "):
        export_champion(champion_named("swingup_one_weight"), tmp_path / "out", ["dot"], 1.0)


def test_a_package_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("wann.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"found no package 'onnx'; pip install .*\[export\]"):
        export_champion(champion_named("swingup_one_weight"), tmp_path, ["onnx"], 1.0)
