"""The pad in the page: pictures become the inputs that Python makes, and classes are the oracle's."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest
from live_page import live_page

from datafiles import published
from envs.images.dataset import Images, load_images
from envs.images.digits import DIGITS
from envs.images.inputs import smallest_difference, to_inputs
from envs.images.mnist import MNIST
from envs.registry import make_task, task_of_champion
from inspection.live import live_part
from inspection.live.settings import sweep_of, telling_weights, thinned
from networks import random_genome
from places import CHAMPIONS
from wann import UserError, compile_genome
from wann.champion import Champion, load_champion
from wann.oracle import forward

WEIGHTS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
# How inputs are made is told by a widget's data, whatever picture it shows.
INPUTS = """([data, pixels]) => pixels.map((one) => Array.from(wann.images.toInputs(data, one)))"""
SCRIPTS = "JSON.parse(document.getElementById('data').textContent)"


def champion_of(dataset: str, inputs: str = "auto", individual: bool = False, seed: int = 2) -> Champion:
    if dataset == "digits":
        pytest.importorskip("sklearn")
    task = make_task("classification", {"dataset": dataset, "inputs": inputs})
    rng = np.random.default_rng(seed)
    genome = random_genome(task.num_inputs, task.num_outputs, rng, max_hidden=30)
    own = tuple(rng.normal(size=genome.num_enabled).tolist()) if individual else None
    return Champion(
        genome=genome,
        task="classification",
        task_options={"dataset": dataset, "inputs": inputs},
        input_names=task.input_names,
        output_names=task.output_names,
        weights=WEIGHTS,
        returns={},
        config={},
        seed=0,
        generation=0,
        simulator=task.simulated_by,
        preprocessing=task.preprocessing,
        individual_weights=own,
    )


def show(page, champion: Champion, weight: float | None = 1.0) -> dict:
    part = live_part(champion, task_of_champion(champion), 0, weight)
    assert part.kind == "pad"
    page.set_content(live_page(champion, part, weight))
    return part.data


@pytest.fixture
def digits(page):
    """The widget on 8 x 8 digits, which come with a package."""
    champion = champion_of("digits")
    show(page, champion)
    return page, champion


def inputs_in_page(page, data: dict, pixels: np.ndarray) -> np.ndarray:
    return np.array(page.evaluate(INPUTS, [data, pixels.reshape(len(pixels), -1).tolist()]))


def test_digits_become_the_same_inputs(digits):
    page, _ = digits
    images = load_images(DIGITS)["test"]
    data = page.evaluate(SCRIPTS)
    found = inputs_in_page(page, data, images.pixels[:100])
    np.testing.assert_array_equal(found, to_inputs(images, "8x8")[:100])


@pytest.mark.parametrize(("inputs", "side"), [("16x16 deskewed", 16), ("28x28", 28)])
def test_pictures_become_the_same_inputs(digits, inputs, side):
    """Slanted, off the middle, at the edges, blank, all but blank: no other than Python's, or by one rounding."""
    page, _ = digits
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:28, :28]
    pictures = [np.zeros((28, 28)), np.ones((28, 28)), (x == 3) * (y == 4) * 1e-2, np.eye(28), np.eye(28)[::-1]]
    for slant, middle, width in zip(rng.uniform(-1, 1, 40), rng.uniform(4, 24, 40), rng.uniform(1, 5, 40), strict=True):
        pictures.append(np.clip(width - np.abs(x - middle - slant * (y - 14)), 0, 1) * (np.abs(y - 14) < 11))
    pixels = np.rint(255 * np.array(pictures)).astype(np.uint8)
    expected = to_inputs(Images(pixels, np.zeros(len(pixels), np.uint8)), inputs)
    unit = smallest_difference(side * side)
    data = page.evaluate(SCRIPTS) | {"deskew": side == 16, "input_side": side, "unit": unit}
    data["drawing"]["brightest"] = 255
    found = inputs_in_page(page, data, pixels)
    assert np.abs(found - expected).max() <= unit
    assert (found == expected).mean() > 0.999


def test_published_pictures_become_the_same_inputs_and_classes(page):
    published("mnist")
    champion = load_champion(CHAMPIONS / "mnist_published.json")
    data = show(page, champion, -1.0)
    images = load_images(MNIST)["test"]
    some = Images(images.pixels[:300], images.labels[:300])
    found, expected = inputs_in_page(page, data, some.pixels), to_inputs(some, "16x16 deskewed")
    assert np.abs(found - expected).max() <= data["unit"] < 1e-3
    check_samples(page, champion, data)
    assert data["accuracy"]["weights"] == list(champion.weights)
    np.testing.assert_allclose(
        data["accuracy"]["all"], [row["mean"] for row in champion.returns["per_weight"]], atol=0.1
    )
    milliseconds = page.evaluate(
        """() => { const network = new wann.Network(context.program), inputs = handle.inputs();
          const start = performance.now();
          for (let i = 0; i < 60; i++) network.run(1 + i / 60, inputs);
          return (performance.now() - start) / 10; }"""
    )
    assert milliseconds < 20  # at six weights; 0.2 ms on an idle processor


def test_fashion_is_shown_too(page):
    published("fashion_mnist")
    champion = champion_of("fashion_mnist", "28x28")
    check_samples(page, champion, show(page, champion))
    assert "ankle boot" in page.inner_text(".live-shares thead").lower()


def test_classes_of_digits_are_the_oracles(digits):
    page, champion = digits
    check_samples(page, champion, page.evaluate(SCRIPTS))


def check_samples(page, champion: Champion, data: dict) -> None:
    """Every picture to load: the class at every weight, and the vote."""
    task, labels = task_of_champion(champion), data["samples"]["labels"]
    size = data["side"] ** 2
    pixels = np.frombuffer(base64.b64decode(data["samples"]["pixels"]), np.uint8).reshape(len(labels), -1)
    assert pixels.shape == (len(labels), size) and sorted(set(labels)) == list(range(10))
    images = Images(
        pixels.reshape(-1, data["side"], data["side"]), np.array(labels, np.uint8), data["drawing"]["brightest"]
    )
    logits = forward(compile_genome(champion.genome), data["weights"], to_inputs(images, task.inputs))
    chosen = logits.argmax(axis=2)  # [W, n]
    votes = (chosen[None] == np.arange(10)[:, None, None]).sum(axis=1).argmax(axis=0)
    for index in range(0, len(labels), 4):
        page.locator(".live-sample").nth(index).click()
        found = page.evaluate(
            """Array.from(document.querySelectorAll(".live-swept"),
              (row) => [...row.cells].findIndex((cell) => cell.matches(".live-first")) - 1)"""
        )
        assert found == chosen[:, index].tolist()
        assert page.inner_text(".live-headline") == data["classes"][votes[index]]
        assert page.inner_text(".live-detail").endswith(f"labelled {data['classes'][labels[index]]}")


def test_probabilities_and_the_slider(digits):
    page, champion = digits
    page.locator(".live-sample").nth(5).click()
    inputs = np.array(page.evaluate("Array.from(handle.inputs())"))
    seen = set()
    for weight in (0.3, -1.7):
        page.locator(".live-weight").fill(str(weight))
        logits = forward(compile_genome(champion.genome), [weight], inputs[None])[0, 0]
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        cells = page.locator(".live-chosen td").all_inner_texts()
        assert [int(cell or 0) for cell in cells] == pytest.approx(100 * shares, abs=0.51)
        seen.add(tuple(cells))
    assert len(seen) == 2
    page.evaluate("context.setWeight(0.3)")
    assert tuple(page.locator(".live-chosen td").all_inner_texts()) in seen
    assert page.evaluate("values.length") == 65 + len(compile_genome(champion.genome).activations)


def stroke(page, *places: tuple[float, float]) -> None:
    """By pointer, through places in shares of the pad."""
    box = page.locator(".live-canvas").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()
    page.evaluate("new Promise(requestAnimationFrame)")


def test_drawing_by_pointer_classifies(page):
    published("mnist")
    champion = load_champion(CHAMPIONS / "mnist_published.json")
    data = show(page, champion, -1.0)
    page.evaluate("window.scrollTo(0, 0)")
    assert page.inner_text(".live-headline") == "Draw a digit"
    stroke(page, (0.3, 0.25), (0.7, 0.25), (0.45, 0.85))
    pixels = np.array(page.evaluate("Array.from(handle.pixels())"))
    images = Images(pixels.reshape(1, 28, 28).astype(np.uint8), np.zeros(1, np.uint8))
    chosen = forward(compile_genome(champion.genome), data["weights"], to_inputs(images, "16x16 deskewed")).argmax(2)[
        :, 0
    ]
    assert page.inner_text(".live-headline") == str(np.bincount(chosen).argmax()) == "7"
    page.click(".live-clear")
    assert page.inner_text(".live-headline") == "Draw a digit"
    stroke(page, (0.5, 0.15), (0.5, 0.85))
    assert page.inner_text(".live-headline") == "1"


def test_drawing_by_keyboard(digits):
    page, _ = digits
    page.focus(".live-canvas")
    for key, count in (
        ("ArrowUp", 8),
        ("Space", 1),
        ("ArrowDown", 16),
        ("ArrowRight", 6),
        ("Space", 1),
        ("ArrowRight", 3),
    ):
        for _ in range(count):
            page.keyboard.press(key)
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.inner_text(".live-headline") in list("0123456789")
    assert page.inner_text(".live-told") == "The brush is up."
    pixels = np.array(page.evaluate("Array.from(handle.pixels())")).reshape(8, 8)
    assert (pixels[:, 0] > 0).all() or (pixels[:, 1] > 0).all() or (pixels[:, 2] > 0).all(), "a stroke downwards"
    assert pixels[0, 5:].sum() == 0 and (pixels[-1] > 0).sum() == 4, "and one to the right at its end"
    page.keyboard.press("Delete")
    assert page.inner_text(".live-headline") == "Draw a digit"


def test_drawings_are_centred_and_scaled(page):
    """Wherever and however large it is drawn, a figure becomes nearly the same picture, as MNIST's are."""
    published("mnist")
    show(page, champion_of("mnist"))
    page.evaluate("window.scrollTo(0, 0)")
    pictures = []
    for shift in (-0.15, 0.0, 0.12):
        page.click(".live-clear")
        stroke(page, (0.3 + shift, 0.25 + shift), (0.7 + shift, 0.25 + shift), (0.5 + shift, 0.8 + shift))
        pictures.append(np.array(page.evaluate("Array.from(handle.pixels())")).reshape(28, 28))
    for picture in pictures:
        y, x = np.nonzero(picture > 25)
        assert max(np.ptp(x), np.ptp(y)) + 1 in (20, 21)
        middle = [(np.arange(28) + 0.5) @ picture.sum(axis=axis) / picture.sum() for axis in (0, 1)]
        np.testing.assert_allclose(middle, 14, atol=0.1)
        assert np.abs(picture - pictures[0]).mean() < 4


def test_drawing_on_a_loaded_picture_keeps_it(digits):
    page, _ = digits
    page.locator(".live-sample").nth(0).click()
    before = np.array(page.evaluate("Array.from(handle.pixels())"))
    stroke(page, (0.5, 0.5), (0.55, 0.5))
    after = np.array(page.evaluate("Array.from(handle.pixels())"))
    assert (before != after).any()
    assert (after > 0).sum() >= 0.6 * (before > 0).sum()
    assert "labelled" not in page.inner_text(".live-detail")


def test_individual_weights(page):
    champion = champion_of("digits", individual=True)
    data = show(page, champion, None)
    page.locator(".live-sample").nth(3).click()
    inputs = np.array(page.evaluate("Array.from(handle.inputs())"))
    logits = forward(compile_genome(champion.genome), [champion.individual_weights], inputs[None])[0, 0]
    assert page.inner_text(".live-headline") == data["classes"][logits.argmax()]
    assert page.locator(".live-chosen").is_hidden()
    expected = task_of_champion(champion).untouched.evaluate_oracle(
        compile_genome(champion.genome), np.array([champion.individual_weights]), [0]
    )
    assert data["accuracy"]["all"][0] == pytest.approx(expected.values.item())


def test_without_the_dataset_the_pad_stays(page, monkeypatch):
    def missing(*_):
        raise UserError("task.dataset: expected files, found none")

    monkeypatch.setattr("inspection.live.pad.load_images", missing)
    champion = load_champion(CHAMPIONS / "mnist_published.json")
    stored = {name: {"by_weight": [float(name) * 10 + at for at in range(6)]} for name in champion.output_names}
    champion = dataclasses.replace(champion, returns={"per_class": stored})
    data = show(page, champion, 1.0)
    assert data["samples"] is None and page.locator(".live-sample").count() == 0
    cells = page.locator(".live-accuracy tbody tr").nth(5).locator("td").all_inner_texts()
    assert cells == [f"{value:.1f}" for value in stored["5"]["by_weight"]]
    for broken in ({}, {"per_class": 3}, {"per_class": {"0": {"by_weight": ["<b>"]}}}):
        other = dataclasses.replace(champion, returns=broken)
        assert live_part(other, task_of_champion(other), 0, 1.0).data["accuracy"] is None


def test_weights_that_are_shown():
    champion = load_champion(CHAMPIONS / "mnist_published.json")
    assert sweep_of(champion) == list(WEIGHTS)
    assert sweep_of(dataclasses.replace(champion, weights=(0.9,))) == [-2, -1, -0.5, 0.5, 0.9, 1, 2]
    many = tuple(np.linspace(-2, 2, 64).tolist())
    assert thinned(many, 8)[::7] == [-2, 2] and len(thinned(many, 8)) == 8
    assert telling_weights(dataclasses.replace(champion, weights=(0.87, 0.9, 0.93)), 0.89, 4) == [0.89, 0.93, 0.87, -2]
    assert telling_weights(dataclasses.replace(champion, weights=()), None, 2)[0] in WEIGHTS
