"""What several test directories share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workers.ray_session import RaySession, connect


@pytest.fixture(scope="session")
def ray_session() -> Iterator[RaySession]:
    """One local Ray for all tests: starting it takes four seconds."""
    session = connect(4, None)
    yield session
    session.close()
