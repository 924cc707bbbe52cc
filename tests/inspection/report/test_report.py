"""The page of a report in a real browser: it opens at once, needs no network, obeys no text, and answers to hands."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from envs.images.classification import Classification
from envs.registry import make_task, task_of_champion
from inspect_champion import main
from inspection.drawing.diagram import draw_network
from inspection.drawing.text import escaped, plain
from inspection.history import History, Stretch
from inspection.measure import RETURN
from inspection.report.page import Report, embedded, render_page
from inspection.weight_curve import WeightCurve, measure_weight_curve, reported_task
from inspection.weights import best_weight
from networks import random_genome
from places import CHAMPIONS
from storage.snapshots import Snapshot
from wann import compile_genome
from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS
from wann.champion import Champion, load_champion, save_champion
from wann.genome import make_genome
from wann.network import Networks

SWINGUP = CHAMPIONS / "swingup_one_weight.json"
MOST_BYTES = 3_000_000


def digits_champion(seed: int = 0) -> Champion:
    task = make_task("classification", {"dataset": "digits"})
    rng = np.random.default_rng(seed)
    return Champion(
        genome=random_genome(task.num_inputs, task.num_outputs, rng, 30),
        task="classification",
        task_options={"dataset": "digits"},
        input_names=task.input_names,
        output_names=task.output_names,
        weights=(-1.0, 1.0),
        returns={},
        config={},
        seed=0,
        generation=3,
        simulator="",
        preprocessing=task.preprocessing,
    )


def bare_page(champion: Champion) -> str:
    """A page without episodes and widgets."""
    grid = np.linspace(-2, 2, 9)
    curve = WeightCurve(grid, grid**2, grid**2 - 1, grid**2, grid**2 + 1, 10, RETURN, champion.weights)
    network = compile_genome(champion.genome)
    diagram = draw_network(network, champion.input_names, champion.output_names, champion.individual_weights)
    return render_page(Report(champion, diagram, best_weight(champion), curve, {"Champion": []}))


@pytest.fixture(scope="module")
def swingup(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("swingup")
    assert main([str(SWINGUP), "--out", str(out), "--episodes", "4"]) == 0
    return out / "report.html"


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    pytest.importorskip("sklearn")
    out = tmp_path_factory.mktemp("digits")
    save_champion(out / "champion.json", digits_champion())
    assert main([str(out / "champion.json"), "--out", str(out)]) == 0
    return out / "report.html"


# --- opening ---


@pytest.mark.parametrize("name", ["swingup", "digits"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_disk_at_once_and_fits(page, request, name, width, scheme):
    path = request.getfixturevalue(name)
    assert path.stat().st_size <= MOST_BYTES
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("Boolean(wann.widget)"), "the live widget is there"
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (shade == "rgb(246, 247, 248)") == (scheme == "light")


def test_the_largest_champion_stays_small_and_opens_at_once(page, tmp_path):
    champion = load_champion(CHAMPIONS / "mnist_equal_paths.json")
    path = tmp_path / "report.html"
    path.write_text(bare_page(champion), encoding="utf-8")
    assert path.stat().st_size < MOST_BYTES / 2
    page.goto(path.as_uri())
    assert page.locator(".diagram [data-connection]").count() == 4097


def test_the_button_changes_the_scheme(page, swingup):
    page.goto(swingup.as_uri())
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#scheme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.click("#scheme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


# --- tracing ---


def related(champion: Champion, row: int) -> set[int]:
    """Rows that ``row`` depends on and feeds, by powers of the adjacency."""
    network = compile_genome(champion.genome)
    rows = 1 + network.num_inputs + len(network.activations)
    reach = np.eye(rows, dtype=bool)
    targets = np.repeat(np.arange(len(network.fan_in)) + 1 + network.num_inputs, network.fan_in)
    reach[network.sources, targets] = True
    for _ in range(rows):
        reach = reach @ reach
    return set(np.flatnonzero(reach[row] | reach[:, row]).tolist())


def test_pointing_at_a_node_traces_it(page, swingup):
    champion = load_champion(SWINGUP)
    page.emulate_media(reduced_motion="reduce")
    page.goto(swingup.as_uri())
    for row in (2, 8, 15, 20):
        page.locator(f'#diagram [data-row="{row}"] .disc').hover()
        lit = page.evaluate("[...document.querySelectorAll('#diagram .node.on')].map((n) => Number(n.dataset.row))")
        assert set(lit) == related(champion, row)
    page.mouse.move(2, 2)
    assert page.locator("#diagram .on").count() == 0


def test_a_click_pins_and_escape_lets_go(page, swingup):
    page.goto(swingup.as_uri())
    page.locator('#diagram [data-row="10"] .disc').click()
    page.mouse.move(2, 2)
    assert page.locator("#diagram .tracing .at").get_attribute("data-row") == "10"
    assert page.inner_text("#formula-text").startswith("h5 = ")
    page.keyboard.press("Escape")
    assert page.locator("#diagram .tracing").count() == 0


def test_the_keyboard_reaches_every_node(page, swingup):
    page.goto(swingup.as_uri())
    stop = page.locator('#diagram [tabindex="0"]')
    assert stop.count() == 1, "one stop for the tabulator"
    stop.focus()
    seen = set()
    for key in ["ArrowLeft"] * 3 + ["ArrowUp", "ArrowDown"] * 2 + ["ArrowRight"] * 2:
        page.keyboard.press(key)
        focused = page.evaluate("document.activeElement.dataset.row")
        seen.add(focused)
        assert page.locator("#diagram .at").get_attribute("data-row") == focused
    assert len(seen) >= 4


def test_formulas_say_what_the_network_computes(page, swingup):
    """A formula names its node, all its sources and the activation that gives the value of `wann.Network`."""
    page.goto(swingup.as_uri())
    worst = page.evaluate(
        r"""() => {
          const { program } = wann.page.data, names = new wann.Names(program), network = new wann.Network(program);
          const inputs = [0.3, -0.8, 0.5, -0.2, 1.1], w = 1.3, values = network.run(w, inputs).values;
          let worst = 0, edge = 0;
          program.fan_in.forEach((count, node) => {
            const row = 1 + program.num_inputs + node, edges = [];
            for (let k = 0; k < count; k++, edge++) edges.push({ index: edge, source: program.sources[edge] });
            const sum = edges.reduce((total, e) => total + values[e.source], 0) * w;
            const text = names.formula(row, edges);
            const inner = edges.map((e) => names.of(e.source)).join(" + ");
            if (!text.startsWith(names.of(row) + " = ") || !text.includes(inner)) worst = Infinity;
            worst = Math.max(worst, Math.abs(wann.activations[program.activations[node]](sum) - values[row]));
          });
          return worst;
        }"""
    )
    assert worst < 1e-9


def test_names_and_individual_weights_in_formulas(page, tmp_path):
    champion = load_champion(SWINGUP)
    own = tuple(np.random.default_rng(0).normal(size=champion.genome.num_enabled).tolist())
    path = tmp_path / "own.html"
    path.write_text(bare_page(dataclasses.replace(champion, individual_weights=own)), encoding="utf-8")
    page.goto(path.as_uri())
    page.locator("#diagram .output .disc").hover()
    text = page.inner_text("#formula-text")
    assert text.startswith("force = ") and "w\u00b7" not in text
    assert page.locator("#diagram .connections .c-negative").count() == sum(weight < 0 for weight in own if weight)


def test_formulas_of_memory(page, tmp_path):
    """Delays, strengths, products and running totals; a plastic connection shows its strength on the diagram."""
    codes = [1] * 4 + [ACTIVATIONS[name].code for name in ("product", "accumulate", "inverse")]
    genes = [
        (1, 4, 0),
        (2, 4, 3),
        (4, 3, 0),
        (1, 5, 0),
        (2, 5, 0),
        (5, 3, 0),
        (3, 6, 1),
        (1, 6, 2),
        (6, 3, 0),
        (1, 3, 0),
    ]
    sources, targets, delays = np.transpose(genes)
    plastic = np.isin(np.arange(len(genes)), [7, 9])
    genome = make_genome(2, 1, codes, sources, targets, np.ones(len(genes)), delays, plastic)
    champion = dataclasses.replace(load_champion(SWINGUP), genome=genome, input_names=("x", "z"), output_names=("y",))
    path = tmp_path / "memory.html"
    path.write_text(bare_page(champion), encoding="utf-8")
    page.goto(path.as_uri())
    rows = {ACTIVATION_OF_CODE[int(code)].name: 3 + k for k, code in enumerate(compile_genome(genome).activations)}
    formulas = page.evaluate(
        """rows => {
          const { program } = wann.page.data, names = new wann.Names(program);
          const network = new wann.Network(program), into = new Map();
          network.connections().forEach((edge, index) =>
            into.set(edge.target, [...(into.get(edge.target) || []), { ...edge, index }]));
          const said = ([name, row]) => [name, names.formula(row, into.get(row))];
          return Object.fromEntries(Object.entries(rows).map(said));
        }""",
        rows,
    )
    h = {name: f"h{row - 2}" for name, row in rows.items()}
    assert formulas["product"] == f"{h['product']} = \u03a0\u2009(w\u00b7x, w\u00b7z[t\u22123])"
    assert formulas["accumulate"] == f"{h['accumulate']} = w\u00b7\u03a3\u2009(x + z)"
    parts = formulas["inverse"].removeprefix(f"{h['inverse']} = \u2212w\u00b7(").removesuffix(")").split(" + ")
    assert set(parts) == {"y[t\u22121]", "H\u00b7x[t\u22122]"}
    assert "H\u00b7x" in formulas["linear"]
    page.locator(f'#diagram [data-row="{rows["inverse"]}"] .disc').hover()
    assert page.inner_text("#formula-text") == formulas["inverse"]
    shown = page.evaluate(
        """() => {
          const network = new wann.Network(wann.page.data.program), found = [];
          const path = document.querySelector('#diagram [data-plastic]'), edge = Number(path.dataset.connection);
          const place = network.connections()[edge].strength;
          for (const lane of [new wann.Lane(network, 0.3), new wann.Lane(network, -0.3)]) {
            for (let step = 0; step < 12; step++) {
              const made = lane.run([1, 1]);
              wann.page.context.diagram.light(made.values, made);
              const { strokeWidth } = path.style, isNegative = path.classList.contains("negative");
              found.push([made.state.strengths[place], Number(strokeWidth), isNegative]);
            }
          }
          return found;
        }"""
    )
    assert {strength < 0 for strength, _, _ in shown} == {False, True}
    for strength, width, is_negative in shown:
        assert width == pytest.approx(0.8 + 3.2 * abs(strength) / 4, abs=0.01) and is_negative == (strength < 0)


def test_the_widget_calls_nodes_what_the_diagram_calls_them(page, swingup):
    page.goto(swingup.as_uri())
    page.click(".live-tuning summary")
    labels = page.locator(".live-list label").all_inner_texts()
    assert len(labels) == 40
    assert all(
        end == "bias" or end in load_champion(SWINGUP).input_names or end[0] == "h" or end == "force"
        for label in labels
        for end in label.split(" \u2192 ")
    )


def test_earlier_networks_are_thinned_where_they_are_large(monkeypatch, tmp_path):
    from inspection.report import evolution

    champion = load_champion(SWINGUP)
    snapshots = tuple(Snapshot(2**k, champion.genome, float(k)) for k in range(8))
    values = {key: np.ones(200) for key in ("best_mean_return", "best_max_return", "best_num_connections")}
    history = History((Stretch("", np.arange(1.0, 201), values, 1.0, snapshots),))
    assert evolution.growth(champion, history).count('class="snapshot"') == 9
    monkeypatch.setattr(evolution, "MOST_GROWTH", 100_000)
    drawn = []
    draw = evolution.draw_network
    monkeypatch.setattr(evolution, "draw_network", lambda *given, **named: drawn.append(1) or draw(*given, **named))
    thinned = evolution.growth(champion, history)
    assert len(drawn) < 9, "every picture was drawn"
    assert 2 <= thinned.count('class="snapshot"') < 9
    assert len(thinned) < 110_000 and "The champion" in thinned


# --- weights ---


def test_the_slider_reads_the_curve_and_moves_the_widget(page, swingup):
    page.goto(swingup.as_uri())
    slider = page.locator("#weight-slider")
    slider.focus()
    before = page.inner_text("#weight-reading")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    after = page.inner_text("#weight-reading")
    assert before.startswith("1.75: ") and after.startswith("1.50: ")
    assert page.input_value("#live .live-weight") == "1.5"
    assert page.evaluate("wann.page.context.weight") == pytest.approx(1.5)
    page.locator("#live .live-weight").fill("-1.5")
    assert page.inner_text("#weight-reading").startswith("\u22121.50: ")


def test_values_light_the_nodes(page, swingup):
    page.emulate_media(reduced_motion="reduce")  # the widget stands still
    page.goto(swingup.as_uri())
    page.evaluate("wann.page.context.diagram.light(new Float64Array(30).fill(-0.5))")
    node = page.locator('#diagram [data-row="9"]')
    assert "negative" in node.get_attribute("class")
    assert float(node.evaluate("(n) => n.style.getPropertyValue('--lit')")) == pytest.approx(np.tanh(0.5), abs=1e-3)


def test_the_curve_is_the_tasks_and_on_episodes_of_its_own():
    champion = load_champion(SWINGUP)
    task = task_of_champion(champion)
    told = []
    curve = measure_weight_curve(champion, task, seed=3, episodes=5, progress=lambda *done: told.append(done))
    assert told[-1] == (len(curve.weights), len(curve.weights))
    assert 1.78125 in curve.weights and len(curve.weights) == 82  # the one that it was searched at, and a grid
    recorded = []

    class Recorder:
        """The task, with a memory for seeds."""

        safe_at_home = True

        def __init__(self):
            self.name, self.reported = task.name, self

        def evaluate(self, networks, weights, seeds):
            recorded.append(np.asarray(seeds))
            return reported_task(task).evaluate(networks, weights, seeds)

    again = measure_weight_curve(champion, Recorder(), seed=3, episodes=5)
    first_of_inspections = 3 * 2**29
    assert all(seeds.min() >= first_of_inspections for seeds in recorded)
    networks = Networks.of([compile_genome(champion.genome)])
    returns = reported_task(task).evaluate(networks, curve.weights, recorded[0]).values[0]
    np.testing.assert_array_equal(again.mean, returns.mean(axis=1))
    np.testing.assert_array_equal(curve.mean, again.mean)
    np.testing.assert_array_equal(curve.high, np.percentile(returns, 75, axis=1))


def test_images_are_counted_on_the_test_part():
    pytest.importorskip("sklearn")
    champion = digits_champion()
    curve = measure_weight_curve(champion, task_of_champion(champion), seed=0)
    task = Classification(dataset="digits", batch=None, split="test", score="accuracy")
    expected = task.evaluate(Networks.of([compile_genome(champion.genome)]), curve.weights, [0]).values[0, :, 0]
    np.testing.assert_array_equal(curve.mean, expected)
    assert curve.measure.unit == " %" and curve.episodes == 1


# --- hostile champions ---

TEXTS = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "<!--<script>",
    "]]><svg onload=alert(3)>",
    "\u202etxet desrever\u202c",
    "\u2028\u2029\x00\x1b[31m",
    "\ud800 half of a pair",
    "{{scripts}}{{data}}",
    "javascript:alert(4)",
    "'; alert(5); '",
    "\\u003cscript\\u003e",
]


def hostile_champion() -> Champion:
    champion = load_champion(SWINGUP)
    return dataclasses.replace(
        champion,
        input_names=tuple(TEXTS[:5]),
        output_names=(TEXTS[5],),
        config={text: {text: [text, 1.5]} for text in TEXTS},
        simulator=TEXTS[0],
        versions={text: text for text in TEXTS},
        returns={"episodes": TEXTS[1], "per_weight": [{"weight": TEXTS[0], "mean": TEXTS[1]}]},
    )


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict] = []
        self.handlers: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "script":
            self.scripts.append(dict(attrs))


def elements_of(html: str) -> _Elements:
    elements = _Elements()
    elements.feed(html)
    return elements


def test_a_hostile_champion_adds_no_element():
    hostile, tame = elements_of(bare_page(hostile_champion())), elements_of(bare_page(load_champion(SWINGUP)))
    assert hostile.scripts == tame.scripts
    assert hostile.handlers == []
    assert hostile.tags <= tame.tags | {"table", "caption", "thead", "tbody", "tr", "td", "th"}
    assert not {"img", "iframe", "object", "embed", "form"} & hostile.tags


def test_a_hostile_champion_in_the_browser(page, tmp_path):
    champion = hostile_champion()
    save_champion(tmp_path / "champion.json", champion)
    assert main([str(tmp_path / "champion.json"), "--out", str(tmp_path / "out"), "--episodes", "1"]) == 0
    page.goto((tmp_path / "out" / "report.html").as_uri())
    page.locator('#diagram [data-row="1"] .disc').hover()
    assert TEXTS[0] in page.inner_text("#formula-text")
    assert page.evaluate("document.images.length") == 0
    for name in ("network.svg", "weights.svg"):
        page.goto((tmp_path / "out" / name).as_uri())
    page.wait_for_timeout(100)
    assert page.troubles == []


def test_the_policy_stops_what_escaping_missed(page, tmp_path):
    """Scripts that are not the page's own do not run, even where they stand in it."""
    html = bare_page(load_champion(SWINGUP))
    breached = html.replace("</main>", "<script>document.title = 'taken'</script></main>")
    assert breached != html
    path = tmp_path / "breached.html"
    path.write_text(breached, encoding="utf-8")
    page.goto(path.as_uri())
    assert page.title() != "taken"
    assert len(page.troubles) == 1 and "Content Security Policy" in page.troubles[0]
    page.troubles.clear()


@pytest.mark.parametrize("text", TEXTS)
def test_data_comes_through_its_element(text):
    found = embedded({text.replace("\ud800", ""): [text, 1.5, None]})
    assert not set("<>&\u2028\u2029") & set(found)
    assert json.loads(found)[text.replace("\ud800", "")][0] == text


def test_data_must_be_finite():
    with pytest.raises(ValueError, match="Out of range"):
        embedded([float("nan")])


def test_texts_are_shown_and_not_obeyed():
    assert plain("a\u202eb") == "a\ufffdb"
    assert plain("long" * 10, 5) == "long…"
    assert escaped("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;"
    plain("\ud800").encode("utf-8")


def test_a_best_weight_of_the_curve_is_never_0():
    grid = np.array([-1.0, 0.0, 1.0])
    curve = WeightCurve(grid, np.array([3.0, 9.0, 5.0]), grid, grid, grid, 10, RETURN, (1.0,))
    assert curve.best_weight == 1.0


@pytest.mark.parametrize("falls", [None, 0.25])
def test_falls_are_shown_where_they_are_counted(falls):
    counted = {} if falls is None else {"falls": falls}
    returns = {"episodes": 8, "best_shared_weight": {"weight": 1.0, "mean": 3.0, **counted}}
    html = bare_page(dataclasses.replace(load_champion(SWINGUP), returns=returns))
    assert ('<th scope="col">falls</th>' in html) == (falls is not None)
    assert ("25%" in html) == (falls is not None)
