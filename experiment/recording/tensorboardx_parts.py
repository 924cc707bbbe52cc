"""The parts of tensorboardX that write files of events.

The package as a whole imports torch where that is installed, which takes a second of every search. Its module for files
does not, but Python imports a package before its modules. So an empty package stands in for it meanwhile.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType


def parts() -> tuple[ModuleType, ModuleType, ModuleType]:
    """The modules ``event_file_writer``, ``proto.event_pb2`` and ``proto.summary_pb2``."""
    if "tensorboardX" in sys.modules:
        return _imported()
    spec = find_spec("tensorboardX")
    assert spec is not None
    sys.modules["tensorboardX"] = module_from_spec(spec)
    try:
        return _imported()
    finally:
        del sys.modules["tensorboardX"]  # whoever imports the package gets all of it


def _imported() -> tuple[ModuleType, ModuleType, ModuleType]:
    from tensorboardX import event_file_writer
    from tensorboardX.proto import event_pb2, summary_pb2

    return event_file_writer, event_pb2, summary_pb2
