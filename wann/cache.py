"""Where things are kept between runs."""

import os
from pathlib import Path


def cache_directory() -> Path:
    """``WANN_CACHE_DIR``, else ``XDG_CACHE_HOME/wann``, else ``~/.cache/wann``."""
    chosen = os.environ.get("WANN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wann"
