"""Several searches in one run: replicates and the combinations of a sweep, one after another or side by side.

Each is an ordinary run in a subdirectory. Imports what `experiment` may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from experiment.replicates.children import Child as Child
    from experiment.replicates.children import children_of as children_of
    from experiment.replicates.figure import draw_sweep as draw_sweep
    from experiment.replicates.run import print_several as print_several
    from experiment.replicates.run import run_several as run_several
    from experiment.replicates.tables import write_tables as write_tables

_PLACES = {
    "Child": "experiment.replicates.children",
    "children_of": "experiment.replicates.children",
    "draw_sweep": "experiment.replicates.figure",
    "print_several": "experiment.replicates.run",
    "run_several": "experiment.replicates.run",
    "write_tables": "experiment.replicates.tables",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
