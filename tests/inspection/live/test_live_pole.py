"""The pole in the page is the environment's, and hands on its controls change what it does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from live_page import live_page

from envs.cartpole import physics
from envs.cartpole.task import CartPoleSwingUp
from envs.playing import Episode
from envs.registry import task_of_champion
from inspection.live import live_part
from networks import random_genome, with_memory
from places import CHAMPIONS
from wann import compile_genome
from wann.champion import load_champion

SEED, STEPS = 3, 200
PLAY = """([weight, steps]) => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const s = new wann.pole.Simulation(data, new wann.Network(context.program), weight);
  const states = [s.state];
  for (let i = 0; i < steps; i++) { s.step(); states.push(s.state); }
  return { states, total: s.total, steps: s.steps };
}"""


@pytest.fixture(scope="module")
def champion():
    return load_champion(CHAMPIONS / "swingup_published.json")


@pytest.fixture
def shown(page, champion):
    """The widget, stopped at its start."""
    page.emulate_media(reduced_motion="reduce")
    page.set_content(html_of(champion, -2.0))
    return page


def html_of(champion, weight) -> str:
    return live_page(champion, live_part(champion, task_of_champion(champion), SEED, weight), weight)


def states_of_environment(champion, setting, steps) -> tuple[np.ndarray, float]:
    task, states = task_of_champion(champion), []
    with Episode(task, compile_genome(champion.genome), setting, SEED) as episode:
        for _ in range(steps):
            states.append(episode.environment.unwrapped.state)
            episode.step()
        states.append(episode.environment.unwrapped.state)
        return np.array(states), episode.value


@pytest.mark.parametrize("weight", [-2.0, 0.5, 1.9])
def test_agrees_with_the_environment_over_200_steps(shown, champion, weight):
    """Rounding differs in the last bit of sines and tanh, and grows a thousandfold at most while the pole swings."""
    expected, value = states_of_environment(champion, [weight], STEPS)
    found = shown.evaluate(PLAY, [weight, STEPS])
    assert found["steps"] == STEPS
    np.testing.assert_allclose(found["states"], expected, rtol=0, atol=1e-8)
    assert np.ptp(expected[:, 2]) > 0.5, "the pole moves"
    assert found["total"] == pytest.approx(value, abs=1e-6)


def test_agrees_at_individual_weights(page, champion):
    own = np.random.default_rng(5).normal(0, 1.5, champion.genome.num_enabled)
    champion = dataclasses.replace(champion, individual_weights=tuple(own.tolist()))
    page.emulate_media(reduced_motion="reduce")
    page.set_content(html_of(champion, None))
    expected, _ = states_of_environment(champion, own[None], 100)
    page.evaluate("handle.stepBy(100)")
    np.testing.assert_allclose(page.evaluate("handle.simulation.state"), expected[-1], rtol=0, atol=1e-8)


@pytest.mark.parametrize("velocities", [True, False], ids=["velocities", "none"])
def test_a_network_with_memory_agrees_and_forgets_at_a_restart(page, champion, velocities):
    rng, task = np.random.default_rng(1), CartPoleSwingUp(velocities=velocities)
    genome = with_memory(random_genome(task.num_inputs, 1, rng, 6, ("tanh", "sin", "accumulate")), rng, 8, 0.2)
    assert compile_genome(genome).num_state
    champion = dataclasses.replace(
        champion, genome=genome, input_names=task.input_names, task_options={"velocities": velocities}
    )
    page.emulate_media(reduced_motion="reduce")
    page.set_content(html_of(champion, 0.6))
    expected, value = states_of_environment(champion, [0.6], 80)
    for _ in range(2):
        page.evaluate("handle.begin(handle.simulation.start); handle.pause(); handle.stepBy(80)")
        np.testing.assert_allclose(page.evaluate("handle.simulation.state"), expected[-1], rtol=0, atol=1e-6)
    assert page.evaluate("handle.simulation.total") == pytest.approx(value, abs=1e-6)


def test_physics_step_by_step(shown):
    rng = np.random.default_rng(0)
    states, actions = rng.uniform(-1, 1, (500, 4)) * [2.4, 10, 7, 12], rng.uniform(-1.5, 1.5, 500)
    found = shown.evaluate(
        """([states, actions]) => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const { step, reward } = wann.pole;
          return states.map((s, i) => [...step(data.physics, s, actions[i]), reward(data.physics, s)]);
        }""",
        [states.tolist(), actions.tolist()],
    )
    expected = np.column_stack([physics.step(states, actions), physics.reward(states)])
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def test_starts_are_those_of_the_environment(shown):
    start = shown.evaluate("handle.simulation.state")
    np.testing.assert_array_equal(start, physics.seeded_start(SEED, False))
    draw = """hard => {
      const data = JSON.parse(document.getElementById("data").textContent);
      const random = new wann.ui.Random(1);
      return Array.from({ length: 4000 }, () => wann.pole.drawStart(data, random, hard));
    }"""
    usual, hard = (np.array(shown.evaluate(draw, hard)) for hard in (False, True))
    middle = np.array([0, 0, np.pi, 0])
    np.testing.assert_allclose(usual.mean(axis=0), middle, atol=0.02)
    np.testing.assert_allclose(usual.std(axis=0), physics.START_SPREAD, rtol=0.05)
    reach = np.array([physics.TRACK_LIMIT, 10, np.pi / 2, 10])
    assert (np.abs(hard - middle) <= reach).all()
    np.testing.assert_allclose(hard.std(axis=0), reach / np.sqrt(3), rtol=0.05)


def total_of(page) -> float:
    """After 5 seconds from the start."""
    page.evaluate("handle.pause(); handle.begin(handle.simulation.start); handle.pause(); handle.stepBy(500)")
    return float(page.inner_text(".live-return"))


def sliders_of(page):
    """The sliders of single connections. The page makes them after the browser has opened their list."""
    page.click("summary")
    sliders = page.locator(".live-list input")
    sliders.first.wait_for()
    return sliders


def test_the_shared_slider_changes_the_behaviour(shown):
    before = total_of(shown)
    shown.locator(".live-weight").fill("0.4")
    at_other = total_of(shown)
    assert abs(at_other - before) > 5
    shown.evaluate("context.setWeight(-2)")
    assert shown.locator(".live-weight").input_value() == "-2"
    assert total_of(shown) == before


def test_a_connections_slider_changes_the_behaviour_until_reset(shown, champion):
    before = total_of(shown)
    sliders = sliders_of(shown)
    assert sliders.count() == compile_genome(champion.genome).num_connections
    changed = set()
    for index in range(6):
        sliders.nth(index).fill("1.5")
        changed.add(total_of(shown))
    assert len(changed | {before}) > 3
    assert "6 moved by hand" in shown.inner_text(".live-tuning")
    shown.click(".live-reset")
    assert sliders.nth(0).input_value() == "-2"
    assert total_of(shown) == before


def test_pushes_and_starts(shown):
    state = "handle.simulation.state"
    calm = shown.evaluate(state)
    shown.click(".live-push-right")
    pushed = shown.evaluate(state)
    assert pushed[1] > calm[1] and pushed[3] < calm[3], "the tip of a hanging pole goes right by turning back"
    shown.click(".live-push-left")
    np.testing.assert_allclose(shown.evaluate(state), calm, atol=1e-12)
    shown.click(".live-hard")
    hard = shown.evaluate(state)
    shown.click(".live-new")
    assert len({tuple(calm), tuple(hard), tuple(shown.evaluate(state))}) == 3


def test_moves_by_itself_and_lights_the_diagram(page, champion):
    page.set_content(html_of(champion, -2.0))
    page.wait_for_function("handle.simulation.steps > 30 && lit > 5")
    page.evaluate("handle.pause()")
    values = page.evaluate("values")
    assert len(values) == 1 + 5 + len(compile_genome(champion.genome).activations)
    assert values[0] == 1


def test_stands_still_where_motion_is_to_be_reduced_and_goes_by_keyboard(shown):
    shown.wait_for_timeout(150)
    assert shown.evaluate("handle.simulation.steps") == 0
    assert shown.inner_text(".live-pause") == "Play"
    shown.focus(".live-stage")
    shown.keyboard.press("Space")
    shown.wait_for_function("handle.simulation.steps > 5")
    shown.keyboard.press("Space")
    assert shown.inner_text(".live-pause") == "Play"
    spin = shown.evaluate("handle.simulation.state")[1]
    shown.keyboard.press("ArrowRight")
    assert shown.evaluate("handle.simulation.state")[1] > spin
    shown.keyboard.press("r")
    assert shown.inner_text(".live-time") == "0.00 s"


def test_off_the_track_it_ends_and_says_so(shown):
    shown.evaluate("handle.begin([2.39, 3, 3.1, 0]); handle.stepBy(5)")
    assert "left the track" in shown.inner_text(".live-status")
    steps = shown.evaluate("handle.simulation.steps")
    shown.evaluate("handle.stepBy(5)")
    assert shown.evaluate("handle.simulation.steps") == steps


def test_the_return_counts_the_episode_alone(shown):
    shown.evaluate("handle.stepBy(1000)")
    total = shown.inner_text(".live-return")
    shown.evaluate("handle.stepBy(300)")
    assert shown.inner_text(".live-return") == total
    assert float(total) > 700


def test_names_are_texts(page, champion):
    """Whatever a champion file calls its inputs."""
    hostile = ("<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "&lt;", "a", "b")
    champion = dataclasses.replace(champion, input_names=hostile, output_names=("<b>force</b>",))
    page.emulate_media(reduced_motion="reduce")
    page.set_content(html_of(champion, 1.0))
    sliders_of(page)
    labels = page.locator(".live-list label").all_inner_texts()
    assert any(label.startswith(hostile[0]) for label in labels) or any(
        label.startswith(hostile[1]) for label in labels
    )
    assert any(label.endswith("<b>force</b>") for label in labels)
    assert page.locator(".live-list img, .live-list b, .live-list script").count() == 0


def test_own_weights_and_back(page, champion):
    """A champion with individual weights, also beyond the reach of the shared slider, which replaces them all."""
    own = np.random.default_rng(5).normal(0, 2.5, champion.genome.num_enabled)
    champion = dataclasses.replace(champion, individual_weights=tuple(own.tolist()))
    page.emulate_media(reduced_motion="reduce")
    page.set_content(html_of(champion, None))
    ids = compile_genome(champion.genome).connection_ids
    sliders = sliders_of(page)
    shown = [float(value) for value in sliders.evaluate_all("all => all.map(one => one.value)")]
    np.testing.assert_allclose(shown, own[ids], atol=0.0051)
    before = total_of(page)
    page.locator(".live-weight").fill("0.5")
    assert set(sliders.evaluate_all("all => all.map(one => one.value)")) == {"0.5"}
    assert total_of(page) != before
    page.click(".live-own")
    assert total_of(page) == before
