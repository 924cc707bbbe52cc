"""The installed commands ``wann-search``, ``wann-inspect``, ``wann-compare`` and ``wann-encoder``.

The project's packages have common names, such as ``configs`` and ``envs``. So importing this module puts the directory
that they are installed in ahead of all others. Import nothing of the project before this module.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def own_rooms_first() -> None:
    """Let the project's packages be found before others with the same names."""
    here = str(Path(__file__).resolve().parent)
    if here in sys.path:
        sys.path.remove(here)
    sys.path.insert(0, here)


own_rooms_first()


def search() -> int:
    """`run_search.py`."""
    return _run("run_search", "wann-search")


def inspect() -> int:
    """`inspect_champion.py`."""
    return _run("inspect_champion", "wann-inspect")


def compare() -> int:
    """`compare_baselines.py`."""
    return _run("compare_baselines", "wann-compare")


def encoder() -> int:
    """`train_vae.py`."""
    return _run("train_vae", "wann-encoder")


def _run(script: str, command: str) -> int:
    try:
        import_module("wann.rooms").check_rooms()
    except ImportError as error:  # another ``wann`` was imported before
        print(f"{command}: expected the package 'wann' beside {__file__}, found: {error}", file=sys.stderr)
        return 2
    except ValueError as error:  # the UserError of that package
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    return import_module(script).main()
