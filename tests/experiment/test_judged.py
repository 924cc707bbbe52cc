"""The table of a champion's judgement, on the terminal and on its page, and files that have no such figures."""

import pytest

from experiment.judged import judged_table
from inspection.report import sections
from wann import make_genome
from wann.champion import Champion

FIGURES = {"per_weight": [100.0, 51.25], "mean": 75.04, "min": 0.0, "min_beyond": 50.0}
JUDGED = {
    "weights": [-2.0, 0.5],
    "low": -2.0,
    "high": 2.0,
    "draws": 64,
    "beyond": 0.1,
    "sequences": 128,
    "counts": "steps",
    "lengths": [{"length": 1000, "accuracy": FIGURES, "exact": {**FIGURES, "mean": 99.99, "min": 12}}],
}


def test_figures_become_cells():
    table = judged_table({"judged": JUDGED})
    assert table.headings == ("steps", "-2", "0.5", "mean", "min", "min*")
    [(_, [accuracy]), (_, [exact])] = table.blocks
    assert accuracy == ("1000", "100", "51.2", "75.0", "0.0", "50.0") and exact[4] == "12.0"
    assert exact[3] == "99.9", "what is rounded is not 100"
    assert table.caption.startswith("% of 128 fresh sequences") and "64 draws of U(-2, 2)" in table.caption


@pytest.mark.parametrize(
    "returns",
    [
        {},
        {"judged": 3},
        {"judged": {**JUDGED, "low": "x"}},
        {"judged": {**JUDGED, "lengths": [{"length": 1}]}},
        {"judged": {**JUDGED, "weights": 3}},
        {"judged": {key: value for key, value in JUDGED.items() if key != "counts"}},
    ],
)
def test_what_has_not_the_form_is_no_table(returns):
    assert judged_table(returns) is None


def test_texts_of_a_file_are_escaped_on_the_page():
    genome = make_genome(1, 2, [1] * 4, [], [], [])
    returns = {"judged": {**JUDGED, "counts": "<b>steps"}}
    champion = Champion(genome, "parity", ("sign",), ("even", "odd"), (1.0,), returns, {}, 0, 1, "lanes")
    page = sections.weights(champion, None, None)
    assert "&lt;b&gt;steps" in page and "<b>" not in page and "<td>51.2</td>" in page
