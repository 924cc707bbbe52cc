"""Diagrams: every live node and connection is there, in its layer, with its name, and nothing of a name is obeyed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.drawing.activation_glyphs import FAMILIES, glyph
from inspection.drawing.diagram import draw_network
from inspection.drawing.layout import depths_of, ends_of, layered_layout, monotone, ring_layout
from inspection.drawing.picture_files import png_of, save_picture
from networks import random_genome
from places import CHAMPIONS
from wann import ACTIVATIONS, compile_genome, make_genome
from wann.champion import load_champion

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"


def random_network(seed: int, num_inputs: int = 4, num_outputs: int = 2, max_hidden: int = 14):
    return compile_genome(random_genome(num_inputs, num_outputs, np.random.default_rng(seed), max_hidden))


def names(word: str, count: int) -> list[str]:
    return [f"{word} {index}" for index in range(count)]


def draw(network, **settings) -> ET.Element:
    svg = draw_network(network, names("in", network.num_inputs), names("out", network.num_outputs), **settings)
    return ET.fromstring(svg)


def nodes_of(svg: ET.Element) -> dict[int, ET.Element]:
    found = [node for node in svg.iter(f"{SVG}g") if "data-row" in node.attrib]
    assert len({node.get("data-row") for node in found}) == len(found)
    return {int(node.attrib["data-row"]): node for node in found}


def place_of(node: ET.Element) -> tuple[float, float]:
    x, y = re.fullmatch(r"translate\((\S+) (\S+)\)", node.attrib["transform"]).groups()
    return float(x), float(y)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_rows_and_connections_are_those_of_the_program(seed):
    network = random_network(seed)
    svg = draw(network)
    nodes = nodes_of(svg)
    num_rows = 1 + network.num_inputs + len(network.activations)
    assert sorted(nodes) == list(range(num_rows))
    paths = [path for path in svg.iter(f"{SVG}path") if "data-connection" in path.attrib]
    drawn = {
        int(p.attrib["data-connection"]): (int(p.attrib["data-source"]), int(p.attrib["data-target"])) for p in paths
    }
    assert [drawn[index] for index in range(len(paths))] == list(map(tuple, ends_of(network).tolist()))
    for row in range(1 + network.num_inputs):
        used = row in network.sources
        assert ("unused" in nodes[row].attrib["class"]) == (not used)
    # Layers: x goes with the depth alone, and signals run to the right.
    across = {}
    for row, depth in enumerate(depths_of(network).tolist()):
        across.setdefault(depth, set()).add(place_of(nodes[row])[0])
    assert all(len(places) == 1 for places in across.values())
    ordered = [across[depth].copy().pop() for depth in sorted(across)]
    assert ordered == sorted(ordered)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_nodes_of_a_layer_do_not_touch_and_stay_in_the_picture(seed):
    network = random_network(seed)
    layout = layered_layout(network, 60, 60)
    depths = depths_of(network)
    used = np.isin(np.arange(len(depths)), ends_of(network))
    for depth in range(depths.max() + 1):
        layer = np.sort(layout.places[(depths == depth) & used][:, 1])
        assert (np.diff(layer) >= 2 * layout.node_radius).all()
    assert (layout.places >= 0).all()
    assert (layout.places <= [layout.width, layout.height]).all()


def test_depth_is_the_longest_path():
    # Rows: bias 0, inputs 1 and 2, output 3 of the genome; hidden 4 and 5.
    genome = make_genome(2, 1, [1] * 6, [1, 4, 5, 1, 2], [4, 5, 3, 3, 5], [True] * 5)
    assert depths_of(compile_genome(genome)).tolist() == [0, 0, 0, 1, 2, 3]


def test_ordering_removes_needless_crossings():
    """Input i feeds the hidden node of output 3 - i alone: only the outputs, which keep their order, may cross."""
    sources = [1, 2, 3, 4, 9, 10, 11, 12]
    targets = [12, 11, 10, 9, 5, 6, 7, 8]
    network = compile_genome(make_genome(4, 4, [1] * 13, sources, targets, [True] * 8))
    heights = layered_layout(network, 10, 10).places[ends_of(network)][:, :, 1]  # [E, 2]
    for begin, end in heights:
        assert not ((begin - heights[:, 0]) * (end - heights[:, 1]) < 0).any()


@given(st.lists(st.floats(-100, 100), max_size=30))
def test_monotone_is_the_least_squares_one(values):
    fitted = monotone(np.array(values))
    assert (np.diff(fitted) >= -1e-9).all()
    assert fitted.sum() == pytest.approx(sum(values), abs=1e-6)
    if values:  # minimax formula of isotonic regression
        n = len(values)
        expected = [max(min(np.mean(values[a : b + 1]) for b in range(k, n)) for a in range(k + 1)) for k in range(n)]
        np.testing.assert_allclose(fitted, expected, atol=1e-9)


def test_individual_weights_colour_connections_by_sign():
    network = random_network(3)
    weights = np.where(np.arange(1 + network.connection_ids.max()) % 2, -1.5, 0.5)
    svg = draw(network, weights=weights.tolist())
    for path in svg.iter(f"{SVG}path"):
        if "data-connection" in path.attrib:
            weight = weights[network.connection_ids[int(path.attrib["data-connection"])]]
            assert path.attrib["class"] == ("c-positive" if weight > 0 else "c-negative")


def test_merged_connections_draw_the_same_curves():
    network = random_network(5)
    single = [p.attrib["d"] for p in draw(network).iter(f"{SVG}path") if "data-connection" in p.attrib]
    merged = "".join(
        p.attrib["d"] for p in draw(network, merged=True).iter(f"{SVG}path") if "data-source" not in p.attrib
    )
    assert all(curve in merged for curve in single)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_family_and_a_curve(name):
    assert name in FAMILIES
    numbers = list(map(float, re.findall(r"-?\d*\.?\d+", glyph(name))))
    assert max(map(abs, numbers)) <= 8


def test_an_image_stands_in_the_middle_of_rings():
    champion = load_champion(CHAMPIONS / "mnist_equal_paths_200.json")
    network = compile_genome(champion.genome)
    svg = draw_network(network, champion.input_names, champion.output_names)
    assert 'class="network rings"' in svg
    layout, depths = ring_layout(network), depths_of(network)
    away = np.hypot(*(layout.places - layout.width / 2).T)
    for depth in range(1, depths.max() + 1):
        np.testing.assert_allclose(away[depths == depth], away[depths == depth][0])
    assert away[1:257].max() < away[depths == 1].min()
    rows = nodes_of(ET.fromstring(svg))
    assert sum("unused" in rows[row].attrib["class"] for row in range(1, 257)) == 191
    assert {"0", "9"} <= {text.text for text in ET.fromstring(svg).iter(f"{SVG}text")}


@pytest.mark.parametrize(
    ("file", "most"), [("mnist_equal_paths", 1_200_000), ("walker_one_weight", 100_000), ("swingup_published", 50_000)]
)
def test_sizes_of_real_champions(file, most):
    champion = load_champion(CHAMPIONS / f"{file}.json")
    svg = draw_network(compile_genome(champion.genome), champion.input_names, champion.output_names)
    ET.fromstring(svg)
    assert len(svg) < most


HOSTILE = ['"><script>alert(1)</script>', "</svg><img src=x onerror=alert(1)>", "a\u202eb\x00c\ud800", "&amp;'"]


def test_hostile_names_are_texts():
    network = random_network(1, num_inputs=4, num_outputs=1)
    svg = draw_network(network, HOSTILE, HOSTILE[:1])
    root = ET.fromstring(svg.encode("utf-8"))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "defs", "path", "rect", "circle", "use", "g", "text", "title",
    }  # fmt: skip
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {'"><script>alert(1)</script>', "a\ufffdb\ufffdc\ufffd", "&amp;'"} <= texts


def test_pictures_are_written_with_letters(tmp_path):
    network = random_network(2)
    svg = draw_network(network, names("in", 4), names("out", 2))
    paths = save_picture(tmp_path, "network", svg)
    assert [path.name for path in paths] == ["network.svg", "network.png"]
    assert paths[0].read_text() == svg
    image = paths[1].read_bytes()
    assert image.startswith(PNG)
    without = re.sub(r"<text[^>]*>[^<]*</text>", "", svg)
    assert png_of(without) != image, "the letters are in the picture"


def test_a_long_picture_is_narrower_instead_of_enormous():
    """A network of 500 inputs, 1600 pixels wide, would be 33,000 high."""
    pytest.importorskip("resvg_py")

    def size_of(across: int, down: int) -> tuple[int, int]:
        image = png_of(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}"/>')
        return int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")

    assert size_of(640, 400) == (1600, 1000)
    width, height = size_of(634, 13160)
    assert height / width == pytest.approx(13160 / 634, rel=0.01)
    assert 7.5e6 < width * height <= 8.1e6
