"""What several test directories share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from workers.ray_session import RaySession, connect

# Kernels are compiled while the first example is drawn, which takes seconds and says nothing of the strategy.
settings.register_profile("kernels", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kernels")


@pytest.fixture(scope="session")
def ray_session() -> Iterator[RaySession]:
    """One local Ray for all tests: starting it takes four seconds."""
    session = connect(4, None)
    yield session
    session.close()
