"""Runs kept at a URL: a shared disk or an object store.

The run works in a local copy whose files are uploaded in dependency order. A lease records the process that owns it.
Imports `storage`, `configs` and `wann`, and fsspec when a URL is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from storage.remote.lease import Lease as Lease
    from storage.remote.run import RemoteRun as RemoteRun
    from storage.remote.stores import Storage as Storage
    from storage.remote.stores import is_url as is_url
    from storage.remote.stores import open_storage as open_storage
    from storage.remote.working_copy import WorkingCopy as WorkingCopy

_PLACES = {
    "Lease": "storage.remote.lease",
    "RemoteRun": "storage.remote.run",
    "Storage": "storage.remote.stores",
    "WorkingCopy": "storage.remote.working_copy",
    "is_url": "storage.remote.stores",
    "open_storage": "storage.remote.stores",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
