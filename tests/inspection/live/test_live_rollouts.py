"""Recorded rollouts: what Gymnasium did, within the rounding of a page, and played there."""

from __future__ import annotations

import dataclasses
import json
import sys

import numpy as np
import pytest
from live_page import live_page

from envs.playing import CannotDraw, Episode
from envs.registry import make_task, task_of_champion
from envs.task import Task
from inspection.live import LivePart, live_part
from inspection.live.packing import pack_table
from inspection.live.rollouts import rollouts_part
from inspection.live.scenes import PictureScene
from networks import random_genome
from places import CHAMPIONS
from wann import compile_genome
from wann.champion import Champion, load_champion
from wann.oracle import forward

pytest.importorskip("Box2D")

SEED, STEPS = 3, 60


@pytest.fixture(scope="module")
def walker() -> Champion:
    champion = load_champion(CHAMPIONS / "walker_one_weight.json")
    return dataclasses.replace(champion, task_options={"simulator": "gymnasium"})


@pytest.fixture(scope="module")
def walk(walker) -> LivePart:
    return rollouts_part(walker, task_of_champion(walker), SEED, 0.89, STEPS)


@pytest.fixture(scope="module")
def racer() -> Champion:
    pytest.importorskip("pygame")
    champion = load_champion(CHAMPIONS / "racer_one_weight.json")
    return dataclasses.replace(champion, task_options={"simulator": "gymnasium"})


@pytest.fixture(scope="module")
def race(racer) -> LivePart:
    return rollouts_part(racer, task_of_champion(racer), SEED, -0.85, 30)


def show(page, champion: Champion, part: LivePart) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_content(live_page(champion, part, part.data["rollouts"][0]["weight"]))


def table_in_page(page, packed: dict) -> np.ndarray:
    return np.array(
        page.evaluate(
            "packed => { const t = new wann.ui.Table(packed); return [...Array(t.rows).keys()].map(i => t.row(i)) }",
            packed,
        )
    )


def test_the_recording_is_the_oracles_episode(page, walker, walk):
    show(page, walker, walk)
    task, network = task_of_champion(walker), compile_genome(walker.genome)
    assert [rollout["weight"] for rollout in walk.data["rollouts"]] == [0.89, 0.9, -2, -0.5]
    for rollout in walk.data["rollouts"]:
        with Episode(task, network, [rollout["weight"]], SEED) as episode:
            poses, inputs, returns = [], [], []
            for step in range(rollout["steps"] + 1):
                hull = episode.environment.unwrapped.hull
                poses.append([*hull.position, hull.angle])
                inputs.append(episode.inputs[0])
                returns.append([episode.value])
                if step < rollout["steps"]:
                    episode.step()
            assert rollout["end"] == ("over" if episode.over else "cut")
            assert episode.over or rollout["steps"] == STEPS
        assert rollout["value"] == episode.value
        np.testing.assert_allclose(table_in_page(page, rollout["poses"])[:, :3], poses, atol=2e-3)
        np.testing.assert_allclose(table_in_page(page, rollout["inputs"]), inputs, atol=1e-3)
        np.testing.assert_allclose(table_in_page(page, rollout["returns"]), returns, atol=1e-2)
    assert len({rollout["value"] for rollout in walk.data["rollouts"]}) == 4
    assert {rollout["end"] for rollout in walk.data["rollouts"]} == {"cut", "over"}


def test_playing_and_scrubbing(page, walker, walk):
    show(page, walker, walk)
    assert page.inner_text(".live-step") == f"0 of {STEPS}"
    hull = page.locator(".live-hull")
    start = hull.get_attribute("transform")
    page.locator(".live-scrub").fill("40")
    assert page.inner_text(".live-step") == f"40 of {STEPS}"
    assert hull.get_attribute("transform") != start
    inputs = table_in_page(page, walk.data["rollouts"][0]["inputs"])[40]
    expected = forward(compile_genome(walker.genome), [0.89], inputs[None])[0, 0]
    np.testing.assert_allclose(page.evaluate("values")[-4:], expected, atol=1e-9, err_msg="what the diagram shows")
    page.click(".live-pause")
    page.wait_for_function("handle.frame() > 45")
    page.wait_for_function("document.querySelector('.live-pause').textContent === 'Play'")
    assert page.inner_text(".live-step") == f"{STEPS} of {STEPS}"
    assert "Cut here" in page.inner_text(".live-status")
    shown = float(page.inner_text(".live-return").replace("\u2212", "-"))
    assert shown == pytest.approx(walk.data["rollouts"][0]["value"], abs=0.06)


def test_weights_are_chosen(page, walker, walk):
    show(page, walker, walk)
    page.locator(".live-scrub").fill("50")
    before = page.inner_text(".live-return"), page.locator(".live-hull").get_attribute("transform")
    page.locator(".live-rollout").nth(2).click()
    assert page.locator(".live-rollout[aria-pressed=true]").inner_text().startswith("w = \u22122.00")
    page.locator(".live-scrub").fill("50")
    assert before != (page.inner_text(".live-return"), page.locator(".live-hull").get_attribute("transform"))
    page.evaluate("context.setWeight(0.9)")
    assert page.locator(".live-rollout[aria-pressed=true]").inner_text().startswith("w = 0.90")


def test_by_keyboard(page, walker, walk):
    show(page, walker, walk)
    page.focus(".live-view")
    for key, step in (("ArrowRight", 5), ("ArrowRight", 10), ("ArrowLeft", 5), ("End", STEPS), ("Home", 0)):
        page.keyboard.press(key)
        assert page.inner_text(".live-step") == f"{step} of {STEPS}"
    page.keyboard.press("Space")
    page.wait_for_function("handle.frame() > 3")
    page.keyboard.press("Space")
    assert page.inner_text(".live-pause") == "Play"


def test_plays_by_itself(page, walker, walk):
    page.set_content(live_page(walker, walk, 0.89))
    page.wait_for_function("handle.frame() > 5 && lit > 2")


def test_the_race(page, racer, race):
    show(page, racer, race)
    task, network = task_of_champion(racer), compile_genome(racer.genome)
    rollout = race.data["rollouts"][0]
    with Episode(task, network, [-0.85], SEED) as episode:
        for _ in range(30):
            episode.step()
        world = episode.environment.unwrapped
        hull, visited = world.car.hull, world.tile_visited_count
    assert rollout["value"] == episode.value
    np.testing.assert_allclose(
        table_in_page(page, rollout["poses"])[-1, :3],
        [*hull.position, hull.angle],
        atol=np.abs(hull.position).max() / 3e4,
    )
    assert sum(at >= 0 for at in rollout["visited"]) == visited
    assert len(rollout["visited"]) == len(world.track) == len(race.data["scene"]["tiles"])
    page.locator(".live-scrub").fill("0")
    start = page.inner_text(".live-place")
    page.locator(".live-scrub").fill("30")
    assert page.inner_text(".live-place") == f"{visited} of {len(world.track)}" != start
    assert page.locator(".live-visited").count() == visited


def test_a_whole_episode_in_the_hardcore_field(page):
    """A random network falls, or stands until that is cut."""
    task = make_task("bipedal_walker", {"hardcore": True, "simulator": "gymnasium"})
    genome = random_genome(24, 4, np.random.default_rng(1))
    own = tuple(np.random.default_rng(2).normal(size=genome.num_enabled).tolist())
    champion = dataclasses.replace(
        load_champion(CHAMPIONS / "walker_one_weight.json"), genome=genome, individual_weights=own, weights=()
    )
    part = live_part(champion, task, SEED, None)
    assert part.data["rollouts"][0]["weight"] is None
    network = compile_genome(genome)
    for rollout in part.data["rollouts"]:
        setting = np.array([own if rollout["weight"] is None else rollout["weight"]])
        expected = task.evaluate_oracle(network, setting, [SEED])
        if rollout["end"] == "over":
            assert (rollout["value"], rollout["steps"]) == (expected.values.item(), expected.steps.item())
        else:
            assert rollout["steps"] < expected.steps.item()
        assert len(json.dumps(rollout)) < 300_000
    assert part.data["scene"]["blocks"], "stumps, stairs or pits"
    show(page, champion, part)
    assert page.locator(".live-block").count() == len(part.data["scene"]["blocks"])


def test_a_network_without_a_finite_answer(walker):
    broken = dataclasses.replace(walker, weights=())
    part = rollouts_part(broken, task_of_champion(walker), SEED, 1e308, 5)
    json.dumps(part.data, allow_nan=False)


def test_tables(page, walker):
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.normal(size=50) * 100, np.zeros(50), rng.normal(size=50) * 1e-9, np.full(50, -7.0)])
    page.set_content(live_page(walker, LivePart("", {}, ("live_controls.js",)), None))
    found = table_in_page(page, pack_table(table))
    assert (np.abs(found - table).max(axis=0) <= np.abs(table).max(axis=0) / 65534 * 1.0001).all()


def of_gymnasium(id: str) -> tuple[Champion, Task]:
    task = make_task("gymnasium", {"id": id})
    genome = random_genome(task.num_inputs, task.num_outputs, np.random.default_rng(3))
    base = load_champion(CHAMPIONS / "walker_one_weight.json")
    named = {"input_names": task.input_names, "output_names": task.output_names}
    return dataclasses.replace(
        base, genome=genome, weights=(), task="gymnasium", task_options={"id": id}, **named
    ), task


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1"])
def test_pictures_of_any_environment_that_renders(page, id):
    pytest.importorskip("pygame")
    pytest.importorskip("PIL")
    champion, task = of_gymnasium(id)
    part = live_part(champion, task, SEED, 0.5)
    first = part.data["rollouts"][0]
    expected = task.evaluate_oracle(compile_genome(champion.genome), [first["weight"]], [SEED])
    assert (first["value"], first["steps"]) == (expected.values.item(), expected.steps.item())
    for rollout in part.data["rollouts"]:
        assert rollout["end"] == "over"
        assert 1 <= len(rollout["pictures"]) <= 120
        assert (len(rollout["pictures"]) - 1) * rollout["every"] <= rollout["steps"]
        assert len(json.dumps(rollout)) < 300_000
    show(page, champion, part)
    source = "document.querySelector('.live-picture').src"
    page.wait_for_function("document.querySelector('.live-picture').naturalWidth > 100")
    first = page.evaluate(source)
    page.focus(".live-view")
    page.keyboard.press("End")
    assert page.evaluate(source) != first


def test_no_pictures_without_a_renderer(monkeypatch):
    champion, task = of_gymnasium("CartPole-v1")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(CannotDraw, match="pictures need the package Pillow; pip install"):
        live_part(champion, task, SEED, 0.5)


def test_pictures_drawn_into_one_array_are_told_apart():
    class Canvas:
        shown = np.zeros((4, 4, 3), np.uint8)

        def render(self):
            return self.shown

    canvas = Canvas()
    scene = PictureScene(canvas)
    for brightness in (0, 0, 200):
        canvas.shown[:] = brightness
        scene.pose()
    first, same, other = scene.extras()["pictures"]
    assert first == same != other
