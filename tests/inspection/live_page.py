"""The least page around a live widget: what a report gives it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import inspection
from inspection.live import LivePart, program_data
from inspection.report.scripts import script
from wann.champion import Champion

_FOLDER = Path(inspection.__file__).parent / "report"
_START = """
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const listeners = [];
window.lit = 0;
window.context = {
  program: read("program"), weight: read("weight"),
  onWeight: (listener) => listeners.push(listener),
  setWeight: (weight) => listeners.forEach((listener) => listener(weight)),
  diagram: {light: (values) => { window.lit += 1; window.values = Array.from(values); }, clear: () => {}},
};
const kind = read("kind");
if (kind) window.handle = wann.live[kind](document.querySelector(".live-root"), read("data"), context);
"""
_THEME = """
:root { --ink: #343c4e; --paper: #faf8f3; --muted: #6b7080; --accent: #1f8a7d; --line: #dcd7ca; --warm: #c4564a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6df; --paper: #1a1d24; --muted: #9aa0ae; --accent: #4cc4b3; --line: #3a3f4b; --warm: #e07a69; }
}
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
* { box-sizing: border-box; }
"""


def live_page(champion: Champion, part: LivePart | None, weight: float | None) -> str:
    """HTML that shows a widget; without a part only the network's script is there."""
    scripts = ["activations.js", "live_network.js", *(part.scripts if part else ())]
    return "".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>live</title>',
            '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">',
            f"<style>{_THEME}{(_FOLDER / 'live.css').read_text()}</style>",
            '<section id="live"><div class="live-root"></div></section>',
            _json("program", program_data(champion)),
            _json("weight", weight),
            _json("kind", part and part.kind),
            _json("data", part and part.data),
            *(f"<script>{script(name)}</script>" for name in scripts),
            f"<script>{_START}</script></html>",
        ]
    )


def _json(name: str, value: Any) -> str:
    text = json.dumps(value, allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'
