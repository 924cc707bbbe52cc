"""Exports of networks with state: each is stepped through an episode and says what the oracle says."""

from __future__ import annotations

import json

import networkx as nx
import numpy as np
import pytest
from test_exports import champion_of, module_of

from genomes import remembering_genome
from inspection.drawing.diagram import draw_network
from inspection.exports.formula import formula_lines
from inspection.exports.registry import export_champion
from wann.champion import Champion
from wann.errors import UserError
from wann.genome import make_genome
from wann.layers import layers_of
from wann.network import compile_genome
from wann.oracle import forward_episode

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pydot = pytest.importorskip("pydot")
sympy = pytest.importorskip("sympy")
torch = pytest.importorskip("torch")

WEIGHT = -0.7


def champions() -> dict[str, Champion]:
    """Networks with steps left out, whose jumps no tolerance covers."""
    rng, found = np.random.default_rng(4), {}
    while len(found) < 8:
        genome = remembering_genome(rng, 5, 0.3)
        if 2 not in genome.activations and compile_genome(genome).num_state:
            own = tuple(rng.uniform(-1, 1, genome.num_enabled).tolist()) if len(found) % 2 else None
            found[f"random {len(found)}"] = champion_of(genome, individual_weights=own)
    product = make_genome(2, 1, [1, 1, 1, 1, 12], [1, 2, 4], [4, 4, 3], [True] * 3)
    return {**found, "product": champion_of(product)}


CHAMPIONS = champions()


@pytest.fixture(params=CHAMPIONS)
def champion(request) -> Champion:
    return CHAMPIONS[request.param]


def episode(champion: Champion) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [T, B, I] and the outputs [T, B, O] of the champion's own weights, or the shared one."""
    inputs = np.random.default_rng(1).normal(size=(6, 3, champion.genome.num_inputs))
    own = champion.individual_weights
    weights = [WEIGHT] if own is None else [own]
    return inputs, forward_episode(compile_genome(champion.genome), np.array(weights), inputs)[0]


def export(champion: Champion, name: str, directory):
    weight = WEIGHT if champion.individual_weights is None else None
    return export_champion(champion, directory, [name], weight)[0]


def test_the_torch_module_steps(champion, tmp_path):
    module = module_of(export(champion, "torch", tmp_path)).ChampionNetwork().double()
    inputs, expected = episode(champion)
    state, found = module.initial_state(3), []
    for observations in inputs:
        outputs, state = module.step(torch.tensor(observations), state)
        found.append(outputs.detach().numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_onnx_model_steps(champion, tmp_path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(export(champion, "onnx", tmp_path), options)
    inputs, expected = episode(champion)
    size = compile_genome(champion.genome).num_state
    assert ("state" in {value.name for value in session.get_inputs()}) == bool(size)
    state = np.zeros((3, size), np.float32)
    for observations, outputs in zip(inputs, expected, strict=True):
        given = {"observation": observations.astype(np.float32), **({"state": state} if size else {})}
        found, *after = session.run(None, given)
        state = after[0] if size else state
        np.testing.assert_allclose(found, outputs, rtol=1e-3, atol=1e-3)


def test_the_formulas_step(champion):
    own = champion.individual_weights
    setting = np.array(WEIGHT if own is None else own)
    inputs, expected = episode(champion)
    network, lines = compile_genome(champion.genome), formula_lines(champion, setting)
    kept: dict[str, float] = {}
    history: list[dict[str, float]] = []
    for observations, outputs in zip(inputs[:4, 0], expected[:4, 0], strict=True):
        known = {"w": WEIGHT, **{f"input_number_{i}": x for i, x in enumerate(observations)}, **kept}
        for line in lines:
            name, expression = line.split(" = ", 1)
            for symbol in sympy.sympify(expression).free_symbols:
                source, ago, delay = str(symbol).partition("_ago")
                if ago:
                    known[str(symbol)] = history[-int(delay)][source] if len(history) >= int(delay) else 0.0
                known.setdefault(str(symbol), 0.0)
            known[name] = float(sympy.sympify(expression).subs(known))
        kept = {name.removesuffix("_next"): value for name, value in known.items() if name.endswith("_next")}
        history.append(known)
        names = [line.split(" = ")[0] for line in lines if line.startswith("output_number")]
        assert len(names) == network.num_outputs
        np.testing.assert_allclose([known[name] for name in names], outputs, rtol=1e-6, atol=1e-9)


def test_graphs_have_delays_and_plasticity(champion, tmp_path):
    genome = champion.genome
    graph = nx.read_graphml(export(champion, "graphml", tmp_path))
    edges = list(graph.edges(data=True))
    assert len(edges) == len(genome.sources)
    for source, target, edge in edges:
        gene = edge["gene"]
        assert (source, target) == (f"n{genome.sources[gene]}", f"n{genome.targets[gene]}")
        assert edge.get("delay", 0) == genome.delays[gene]
        assert edge.get("plastic", False) == genome.plastic[gene]
    (drawn,) = pydot.graph_from_dot_file(str(export(champion, "dot", tmp_path)))
    network = compile_genome(genome)
    assert len(drawn.get_edges()) == network.num_connections
    assert sum(edge.get("plastic") is not None for edge in drawn.get_edges()) == len(network.plastic)


def test_the_diagram_draws_every_connection(champion):
    network = compile_genome(champion.genome)
    picture = draw_network(network, champion.input_names, champion.output_names, champion.individual_weights)
    assert picture.count("data-connection=") == network.num_connections
    assert picture.count("data-plastic=") == len(network.plastic)
    delayed = (champion.genome.delays[np.flatnonzero(champion.genome.enabled)[network.connection_ids]] > 0).sum()
    assert picture.count("data-delay=") == delayed
    assert (">delayed</text>" in picture) == bool(delayed)


def test_layers_of_a_network_with_state_are_refused():
    network = compile_genome(make_genome(1, 1, [1, 1, 1], [1], [2], [True], [1]))
    with pytest.raises(UserError) as error:
        layers_of(network)
    assert error.value.sentence == (
        "expected a feed-forward network of sums, found one with delays, plastic connections, or nodes that accumulate "
        "or multiply"
    )


def test_the_metadata_is_that_of_other_models(tmp_path):
    import onnx

    model = onnx.load(export(CHAMPIONS["product"], "onnx", tmp_path))
    assert json.loads({entry.key: entry.value for entry in model.metadata_props}["weight"]) == WEIGHT
