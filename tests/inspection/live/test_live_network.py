"""The network in the page is the oracle's, in a real browser."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest
from live_page import live_page

from inspection.live import program_data
from networks import random_genome
from places import CHAMPIONS
from wann import compile_genome
from wann.activations import ACTIVATIONS
from wann.champion import Champion, load_champion
from wann.oracle import forward, forward_lanes

# Numbers travel as base64 of float64: as JSON, a thousand pictures take ten seconds.
RUN_ALL = """([weights, inputs]) => {
  const network = new wann.Network(context.program);
  const read = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const all = read(inputs);
  const settings = weights === null ? null : read(weights);
  return Array.from({ length: all.length / network.numInputs }, (_, i) => {
    const row = all.subarray(i * network.numInputs, (i + 1) * network.numInputs);
    return Array.from(network.run(settings ? settings[i] : context.program.weights, row).outputs);
  });
}"""


def outputs_in_page(page, champion: Champion, weights, inputs) -> np.ndarray:
    """[L, O] at shared weights [L], or None for the champion's own ones, of inputs [L, I]."""
    page.set_content(live_page(champion, None, None))
    sent = [None if array is None else base64.b64encode(array.tobytes()).decode() for array in (weights, inputs)]
    return np.array(page.evaluate(RUN_ALL, sent))


@pytest.mark.parametrize("individual", [False, True])
@pytest.mark.parametrize("name", ["swingup_random_weight", "walker_one_weight", "racer_one_weight", "mnist_published"])
def test_agrees_with_the_oracle(page, name, individual):
    champion = load_champion(CHAMPIONS / f"{name}.json")
    network, rng = compile_genome(champion.genome), np.random.default_rng(7)
    inputs = rng.normal(0, 1.5, (1000, network.num_inputs))
    if individual:
        own = rng.normal(0, 1, champion.genome.num_enabled)
        champion = dataclasses.replace(champion, individual_weights=tuple(own.tolist()))
        found = outputs_in_page(page, champion, None, inputs)
        expected = forward(network, own[None], inputs)[0]
    else:
        weights = rng.uniform(-2, 2, 1000)
        found = outputs_in_page(page, champion, weights, inputs)
        expected = forward_lanes(network, weights, inputs)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_every_activation_over_a_wide_range(page):
    xs = np.concatenate(
        [
            np.linspace(-40, 40, 801),
            np.arange(-9.0, 9.0, 0.5),  # where sin and cos change sides
            [1e-6, 1.0000001e-6, 0, -0.0, 2.0**22 + 0.5, -(2.0**22) - 3, 1e6 + 0.25, 1e30, -1e30],
        ]
    )
    page.set_content(live_page(load_champion(CHAMPIONS / "swingup_published.json"), None, None))
    found = page.evaluate(
        "([names, xs]) => names.map(name => xs.map(x => wann.activations[name](x)))", [list(ACTIVATIONS), xs.tolist()]
    )
    for name, values in zip(ACTIVATIONS, found, strict=True):
        with np.errstate(over="ignore"):
            expected = ACTIVATIONS[name].function(xs)
        np.testing.assert_allclose(np.array(values, float), expected, rtol=1e-14, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("seed", range(5))
def test_random_genomes(page, seed):
    """Of all activations, with nodes that no output needs, and names that would be markup."""
    rng = np.random.default_rng(seed)
    genome = random_genome(4, 3, rng)
    champion = dataclasses.replace(
        load_champion(CHAMPIONS / "swingup_published.json"),
        genome=genome,
        input_names=("</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a", "b"),
        output_names=("1", "2", "3"),
    )
    weights, inputs = rng.uniform(-2, 2, 100), rng.normal(size=(100, 4))
    found = outputs_in_page(page, champion, weights, inputs)
    np.testing.assert_allclose(found, forward_lanes(compile_genome(genome), weights, inputs), rtol=1e-9, atol=1e-9)
    names = page.evaluate("() => [0, 1, 2].map(row => new wann.Network(context.program).nameOf(row))")
    assert names == ["bias", *champion.input_names[:2]]


def test_program_names_every_connection_by_its_place_in_the_champion():
    champion = load_champion(CHAMPIONS / "walker_one_weight.json")
    data, network = program_data(champion), compile_genome(champion.genome)
    assert data["num_weights"] == champion.genome.num_enabled > max(data["connection_ids"])
    assert sum(data["fan_in"]) == len(data["sources"]) == network.num_connections
    assert len(data["activations"]) == len(data["fan_in"]) == len(network.activations)
    assert data["weights"] is None
