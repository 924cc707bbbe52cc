"""Bytes in Ray's object store."""

from __future__ import annotations

from typing import Any


def put(message: bytes) -> Any:
    """Store an argument of many calls once, and return a reference to it."""
    import ray

    return ray.put(message)


def get(reference: Any) -> bytes:
    """The bytes behind a reference, fetched from another node if necessary."""
    import ray

    return ray.get(reference)
