"""The network in the page is the oracle's, in a real browser."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest
from live_page import live_page

from genomes import remembering_genome
from inspection.live import program_data
from networks import random_genome
from places import CHAMPIONS
from wann import compile_genome
from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS
from wann.champion import Champion, load_champion
from wann.oracle import forward, forward_episode, forward_lanes, initial_state, step_lanes

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


STEP_ALL = """([weights, inputs]) => {
  const network = new wann.Network(context.program);
  return weights.map((weight, lane) => {
    let state = network.initialState();
    return inputs.map((row) => {
      const found = network.step(weight === null ? context.program.weights : weight, row[lane], state);
      state = found.state;
      return { outputs: Array.from(found.outputs), strengths: Array.from(state.strengths),
               totals: Array.from(state.totals), signals: Array.from(found.signals) };
    });
  });
}"""


def remembering_champion(seed: int, individual: bool) -> Champion:
    rng = np.random.default_rng(seed)
    genome = remembering_genome(rng, 8, 0.3)
    return dataclasses.replace(
        load_champion(CHAMPIONS / "swingup_published.json"),
        genome=genome,
        input_names=tuple(f"x{i}" for i in range(genome.num_inputs)),
        output_names=tuple(f"y{i}" for i in range(genome.num_outputs)),
        individual_weights=tuple(rng.uniform(-1, 1, genome.num_enabled).tolist()) if individual else None,
    )


@pytest.mark.parametrize("individual", [False, True], ids=["shared", "individual"])
def test_networks_with_memory_step_as_the_oracle_does(page, individual):
    """Outputs, strengths and running totals of whole episodes, by delays, plastic connections, totals and products.

    Steps amplify the last bits of sines a millionfold in some.
    """
    weights, steps, kinds = [-0.8, 0.4, 0.7], 7, set()
    for seed in range(8):
        champion = remembering_champion(seed, individual)
        network = compile_genome(champion.genome)
        kinds |= {bool(len(network.copies)), bool(len(network.plastic)) + 2, bool(network.num_state) + 4}
        inputs = np.random.default_rng(seed).normal(size=(steps, len(weights), network.num_inputs))
        page.goto("about:blank")
        page.set_content(live_page(champion, None, None))
        asked = [None] * len(weights) if individual else weights
        found = page.evaluate(STEP_ALL, [asked, inputs.tolist()])
        setting = np.tile(champion.individual_weights, (len(weights), 1)) if individual else np.array(weights)
        state, memory, plastic = initial_state(network, len(weights)), len(network.copies), len(network.plastic)
        sums = [i for i, code in enumerate(network.activations) if ACTIVATION_OF_CODE[int(code)].gathers == "total"]
        for step in range(steps):
            outputs, state = step_lanes(network, setting, inputs[step], state)
            for lane in range(len(weights)):
                one, scale = found[lane][step], 1e-6 * max(1, float(np.abs(state).max(initial=0)))
                np.testing.assert_allclose(one["outputs"], outputs[lane], rtol=1e-6, atol=scale)
                np.testing.assert_allclose(
                    one["strengths"], state[memory : memory + plastic, lane], rtol=1e-6, atol=scale
                )
                totals = np.array(one["totals"])[sums]
                np.testing.assert_allclose(totals, state[memory + plastic :, lane], rtol=1e-6, atol=scale)
                assert len(one["signals"]) == network.num_connections
    assert {True, 3, 5} <= kinds


def test_steps_of_a_replay_are_those_of_an_episode_in_any_order(page):
    champion = remembering_champion(3, False)
    network = compile_genome(champion.genome)
    assert network.num_state
    inputs = np.random.default_rng(0).normal(size=(9, network.num_inputs))
    page.set_content(live_page(champion, None, None))
    found = page.evaluate(
        """([inputs, weight]) => {
          const network = new wann.Network(context.program), rows = inputs.map((row) => row.slice());
          const replay = new wann.Replay(network, weight, (step) => rows[step]);
          const seen = [5, 2, 8, 0].map((step) => Array.from(replay.at(step).outputs));
          rows[4] = rows[4].map(() => 0);
          replay.forget(4);
          const lane = new wann.Lane(network, weight);
          const together = inputs.map((row) => Array.from(lane.run(row).outputs));
          return { seen, changed: Array.from(replay.at(8).outputs), lane: together };
        }""",
        [inputs.tolist(), 0.7],
    )
    expected = forward_episode(network, [0.7], inputs[:, None])[0, :, 0]
    np.testing.assert_allclose(found["seen"], expected[[5, 2, 8, 0]], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found["lane"], expected, rtol=1e-8, atol=1e-9)
    inputs[4] = 0
    np.testing.assert_allclose(found["changed"], forward_episode(network, [0.7], inputs[:, None])[0, 8, 0], atol=1e-9)
