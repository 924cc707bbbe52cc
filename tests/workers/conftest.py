"""One local Ray for all tests of this directory: starting it takes four seconds."""

from collections.abc import Iterator

import pytest

from workers.ray_session import RaySession, connect


@pytest.fixture(scope="session")
def ray_session() -> Iterator[RaySession]:
    session = connect(4, None)
    yield session
    session.close()
