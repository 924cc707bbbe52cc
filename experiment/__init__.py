"""Everything around a search: opening runs, the loop, stages, replicates, recording, displays, and the champion.

Imports every room below (wann, envs, configs, storage, evolution, workers), none above.

`search` is a whole search by one call. `plan` expands a config once, `checking` finds mistakes before a run exists,
`build` makes tasks and evaluators, `opening` makes and resumes runs. `loop` is the search on one screen, with its parts
in `stages`, `stopping`, `champions`, `effort`, `confirmed` and `whole_run`; `run_page` writes the page of a run that is
finished. Sub-rooms: `experiment.replicates` (several searches), `experiment.recording` (files and trackers),
`experiment.terminal` (displays, sentences, the command line).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy
from wann.rooms import check_rooms

if TYPE_CHECKING:
    from experiment.checking import load_checked as load_checked
    from experiment.confirmed import ConfirmedReturns as ConfirmedReturns
    from experiment.one_call import search as search
    from experiment.plan import Plan as Plan
    from experiment.plan import plan_of as plan_of

check_rooms()  # Here, because most programs that use the project from Python import this package first.

_PLACES = {
    "ConfirmedReturns": "experiment.confirmed",
    "Plan": "experiment.plan",
    "load_checked": "experiment.checking",
    "plan_of": "experiment.plan",
    "search": "experiment.one_call",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
