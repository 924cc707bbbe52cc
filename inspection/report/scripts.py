"""The scripts of a page, as they stand in it."""

from __future__ import annotations

import json
from importlib.resources import files

from wann.activations import ACTIVATIONS, PERIODIC_LIMIT
from wann.plasticity import DECAY, LIMIT


def script(name: str) -> str:
    """JavaScript of that file of this package; activations are filled in from `wann.activations`."""
    text = files("inspection.report").joinpath(name).read_text(encoding="utf-8")
    if name != "activations.js":
        return text
    functions = [f"    {name}: (x) => {entry.javascript}," for name, entry in ACTIVATIONS.items()]
    texts = [f"    {name}: {json.dumps(entry.text)}," for name, entry in ACTIVATIONS.items()]
    parts = {
        "limit": repr(PERIODIC_LIMIT),
        "functions": "\n".join(functions),
        "texts": "\n".join(texts),
        "gathers": json.dumps({name: e.gathers for name, e in ACTIVATIONS.items() if e.gathers != "sum"}),
        "decay": repr(DECAY),
        "most": repr(LIMIT),
    }
    for place, part in parts.items():
        text = text.replace(f"{{{{{place}}}}}", part)
    return text
