"""Sequences on the page: answers of the oracle and the scorer, in either direction, whatever hands change."""

from __future__ import annotations

import json

import numpy as np
import pytest
from live_page import live_page

from by_hand import copier, dictionary, parity
from envs.registry import make_task, task_of_champion
from envs.sequences import Episodes, scores
from inspection.live import live_part
from wann.champion import Champion
from wann.genome import Genome
from wann.network import compile_genome
from wann.oracle import forward_episode

SEED, WEIGHT = 4, -0.7


def champion_of(genome: Genome, task: str, **options: object) -> Champion:
    made = make_task(task, options)
    weights = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
    return Champion(genome, task, made.input_names, made.output_names, weights, {}, {}, 0, 3, "", options)


CHAMPIONS = {
    "parity": champion_of(parity(), "parity"),
    "copy": champion_of(copier(3), "copy", bits=3),
    "retrieval": champion_of(dictionary(5, 4, False), "associative_retrieval", keys=5, values=4, longest=4),
    "published": champion_of(
        dictionary(26, 10, True),
        "associative_retrieval",
        **{"keys": 26, "values": 10, "published": True, "shortest": 4, "longest": 4},
    ),
}


@pytest.fixture
def show(page):
    """A function that shows the widget of a champion, stopped at its first step, and returns its data."""

    def shown(name: str, weight: float = WEIGHT) -> dict:
        champion = CHAMPIONS[name]
        part = live_part(champion, task_of_champion(champion), SEED, weight)
        assert part.kind == "sequence" and len(json.dumps(part.data)) < 300_000
        page.emulate_media(reduced_motion="reduce")
        page.goto("about:blank")  # names of scripts last as long as their page
        page.set_content(live_page(champion, part, weight))
        return part.data

    return shown


def episodes_of(data: dict, index: int) -> Episodes:
    """An episode of the page as the scorer takes it."""
    one = data["episodes"][index]
    targets = np.array(one["targets"])[:, None]
    kind = np.float32 if data["answers"] == "bits" else np.int64
    return Episodes(
        np.array(one["inputs"], np.float32)[:, None], targets.astype(kind), np.array(one["judged"])[:, None]
    )


@pytest.mark.parametrize("name", CHAMPIONS)
def test_every_step_and_every_score_is_that_of_the_oracle(page, show, name):
    """Of all episodes at two weights; steps are asked from the last to the first."""
    network, data = compile_genome(CHAMPIONS[name].genome), show(name)
    for index in range(len(data["episodes"])):
        episodes = episodes_of(data, index)
        for weight in (WEIGHT, 1.6):
            expected = forward_episode(network, [weight], episodes.inputs)
            found = page.evaluate(
                """([index, weight]) => {
                  handle.choose(index);
                  handle.setWeight(weight);
                  const steps = [...Array(handle.sequence().length).keys()].reverse();
                  const outputs = steps.map((step) => Array.from(handle.at(step).outputs));
                  return { outputs: outputs.reverse(), score: handle.score() };
                }""",
                [index, weight],
            )
            np.testing.assert_allclose(found["outputs"], expected[0, :, 0], rtol=1e-9, atol=1e-9)
            judged = scores(expected, episodes)
            answers = int(judged.answers.sum())
            assert found["score"] == [answers - int(judged.wrong.sum()), answers]
            assert found["score"][0] == answers, "networks made by hand are right at every weight"


def test_wrong_answers_are_counted_and_marked(page, show):
    """At a weight so small that an even power of it opens no step, the answer is even throughout."""
    episodes = episodes_of(show("parity", 0.01), 0)
    expected = scores(forward_episode(compile_genome(CHAMPIONS["parity"].genome), [0.01], episodes.inputs), episodes)
    assert 0 < expected.wrong.item() < expected.answers.item()
    page.locator(".live-tape-box svg").focus()
    page.keyboard.press("End")
    assert page.locator(".live-wrong:visible").count() == expected.wrong.item()
    right = expected.answers.item() - expected.wrong.item()
    assert page.inner_text(".live-score") == f"{right} of {expected.answers.item()}"
    share = round(100 * right / expected.answers.item())
    page.evaluate("handle.setWeight(1)")
    shown = page.locator(".live-sweep .live-rollout").all_inner_texts()
    assert len(shown) == 6 and all("100 % right" in text for text in shown) and share < 100


def test_stepping_forwards_and_back_shows_what_is_remembered(page, show):
    data = show("parity")
    inputs = np.array(data["episodes"][0]["inputs"])[:, 0]
    odd = np.cumsum(inputs < 0) % 2
    state = "handle.at(handle.cursor()).outputs[1]"
    memory = page.locator(".live-row-name", has_text="[t\u22121]")
    assert memory.count() == 1
    for _ in range(5):
        page.click(".live-forward")
    assert page.inner_text(".live-step") == f"6 of {len(inputs)}"
    assert page.evaluate(state) == odd[5]
    assert page.inner_text(".live-says-now") == page.inner_text(".live-truth") == ("odd" if odd[5] else "even")
    lit = "[...document.querySelectorAll('.live-cell')].map((c) => c.style.getPropertyValue('--lit'))"
    later = page.evaluate(lit)
    page.click(".live-back")
    assert page.evaluate("handle.cursor()") == 4 and page.evaluate(lit) != later
    page.click(".live-forward")
    assert page.evaluate(lit) == later, "going back changes nothing"
    page.locator(".live-scrub").focus()
    page.keyboard.press("End")
    assert page.evaluate("handle.cursor()") == len(inputs) - 1
    page.click(".live-back")
    page.locator(".live-tape-box svg").focus()
    page.keyboard.press("Home")
    assert page.evaluate("handle.cursor()") == 0
    assert page.evaluate("values.length") == 1 + 1 + 8, "the diagram is lit by the values of all rows"


def test_cells_are_changed_by_hand_and_answers_follow(page, show):
    data = show("parity")
    inputs = np.array(data["episodes"][0]["inputs"], float)
    cells = page.locator(".live-edit:visible")
    cells.nth(2).click()
    inputs[2, 0] *= -1
    assert page.evaluate("handle.cursor()") == 2
    assert page.inner_text(".live-truth") == "not known" and page.inner_text(".live-score") == "\u2013"
    found = page.evaluate(
        "Array.from({ length: handle.sequence().length }, (_, t) => Array.from(handle.at(t).outputs))"
    )
    expected = forward_episode(compile_genome(CHAMPIONS["parity"].genome), [WEIGHT], inputs[:, None])[0, :, 0]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    page.locator(".live-tape-box svg").focus()
    page.keyboard.press("Space")
    assert page.evaluate("handle.sequence().inputs[2][0]") == -inputs[2, 0]
    page.locator(".live-rollout").first.click()
    assert page.inner_text(".live-truth") != "not known", "the drawn episode is as it was"
    assert page.evaluate("handle.sequence().inputs[2][0]") == -inputs[2, 0]
    page.click(".live-mine")
    assert page.inner_text(".live-truth") == "not known"


def test_a_typed_string_of_signs(page, show):
    show("parity")
    page.click(".live-empty")
    page.locator(".live-tape-box svg").focus()
    page.keyboard.type("+--+-")
    assert page.evaluate("handle.sequence().inputs.map((row) => row[0])") == [1, -1, -1, 1, -1]
    assert page.inner_text(".live-says-now") == "odd"
    assert page.inner_text(".live-step") == "5 of 5"


def test_a_typed_dictionary_is_asked(page, show):
    """In the published format, as ``c9k8j3??k.``; and a network that hears keys together with values: ``c3a1c?.``."""
    show("published")
    page.click(".live-empty")
    page.locator(".live-tape-box svg").focus()
    page.keyboard.type("c9k8j3??k.")
    assert page.inner_text(".live-step") == "10 of 10"
    assert page.inner_text(".live-says-now") == "8"
    assert page.locator(".live-grid-of-strengths .live-cell").count() == 260
    strong = (
        "[...document.querySelectorAll('.live-grid-of-strengths .live-cell')]"
        ".filter((cell) => Number(cell.style.getPropertyValue('--lit')) > 0.1)"
    )
    assert page.evaluate(f"{strong}.length") >= 3
    page.keyboard.press("Home")
    assert page.evaluate(f"{strong}.length") == 0, "nothing is learnt in the first step"
    show("retrieval")
    page.click(".live-empty")
    page.locator(".live-tape-box svg").focus()
    page.keyboard.type("c3a1c?.")
    assert page.inner_text(".live-step") == "4 of 4"
    assert page.inner_text(".live-says-now") == "3"


def test_the_shared_weight_changes_what_is_computed(page, show):
    data = show("copy", 1.0)
    page.evaluate("handle.seek(handle.sequence().length - 1)")
    before = page.evaluate("Array.from(handle.at(handle.cursor()).outputs)")
    page.evaluate("context.setWeight(-2)")
    after = page.evaluate("Array.from(handle.at(handle.cursor()).outputs)")
    assert np.allclose(after, 4 * np.array(before)), "the output is w times w times the bit"
    assert page.inner_text(".live-says-now") in ("0", "1")
    pressed = page.locator('.live-sweep [aria-pressed="true"]')
    assert pressed.count() == 1 and "\u22122.00" in pressed.inner_text()
    assert len(data["weights"]) == 6


def test_long_episodes_have_a_window_that_moves(page, show):
    data = show("parity")
    longest = max(range(len(data["episodes"])), key=lambda i: len(data["episodes"][i]["inputs"]))
    assert len(data["episodes"][longest]["inputs"]) == 1000
    milliseconds = page.evaluate(
        """(index) => { handle.choose(index); const begin = performance.now(); handle.seek(999);
        return performance.now() - begin; }""",
        longest,
    )
    assert milliseconds < 2000
    assert page.inner_text(".live-score") == "1000 of 1000"
    assert "1000" in page.locator(".live-number").all_text_contents()
    assert page.locator(".live-cell").count() < 600


def test_it_plays_by_itself_and_stops_at_the_end(page, show):
    page.emulate_media(reduced_motion="no-preference")
    champion = CHAMPIONS["copy"]
    part = live_part(champion, task_of_champion(champion), SEED, WEIGHT)
    page.set_content(live_page(champion, part, WEIGHT))
    page.wait_for_function("handle.cursor() > 1")
    page.evaluate("handle.seek(handle.sequence().length - 2)")
    page.click(".live-pause")
    page.wait_for_function("handle.cursor() === handle.sequence().length - 1")
    page.wait_for_function("document.querySelector('.live-pause').textContent === 'Play'")


def test_it_fits_on_a_telephone(page, show):
    page.set_viewport_size({"width": 360, "height": 740})
    show("published")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    show("parity")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
