"""One owner at a time: the living are left alone, the dead are followed."""

import json
import threading
import time
from uuid import uuid4

import pytest

from storage.files import RunError
from storage.remote.lease import SILENT_BEATS, Lease
from storage.remote.stores import ObjectStorage, open_storage
from stores import Shelf
from wann.errors import UserError

PERIOD = 0.2


@pytest.fixture(params=["memory", "file", Shelf.protocol])
def url(request, tmp_path) -> str:
    return f"memory://{uuid4().hex}" if request.param == "memory" else f"{request.param}://{tmp_path}/run"


def acquire(url: str) -> Lease:
    return Lease.acquire(open_storage(url), PERIOD)


def test_a_living_owner_is_left_alone_and_named(url):
    owner = acquire(url)
    with pytest.raises(UserError, match=r"in use by process \d+ on .*, which has just renewed its lease"):
        acquire(url)
    owner.renew()
    owner.release()


def test_a_released_lease_is_free_at_once(url):
    acquire(url).release()
    begin = time.monotonic()
    acquire(url).release()
    assert time.monotonic() - begin < SILENT_BEATS * PERIOD
    assert open_storage(url).names() == ["lease/000002.json"]


def test_a_dead_owner_is_followed_after_its_silence_and_learns_of_it(url):
    dead = acquire(url)
    dead.stop()  # as if the process were gone, or had been suspended
    begin = time.monotonic()
    heir = acquire(url)
    assert time.monotonic() - begin >= SILENT_BEATS * PERIOD
    before = {name: open_storage(url).read(name) for name in open_storage(url).names()}
    with pytest.raises(RunError, match="taken over by process"):
        dead.renew()
    dead.release()
    assert set(open_storage(url).names()) == set(before) == {"lease/000002.json"}
    heir.renew()
    heir.release()


def test_the_heart_tells_of_a_takeover(url):
    owner = acquire(url)
    open_storage(url).create("lease/000002.json", b"{}")
    owner._heart.join(20)
    with pytest.raises(RunError, match="taken over by an unknown process"):
        owner.check()
    owner.stop()


def test_of_many_heirs_one_inherits(url):
    acquire(url).stop()
    heirs, refused = [], []

    def inherit() -> None:
        try:
            heirs.append(acquire(url))
        except UserError as error:
            refused.append(error)

    threads = [threading.Thread(target=inherit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heirs) == 1 and len(refused) == 4
    heirs[0].renew()
    heirs[0].release()


def test_the_bytes_are_watched_and_no_clock(tmp_path):
    """An owner whose clock stands still, and runs years behind, lives."""
    storage = open_storage(f"file://{tmp_path}")
    ended = threading.Event()

    def beat() -> None:
        for number in range(10_000):
            lease = {"owner": "a slow clock", "token": "1", "period_seconds": PERIOD, "renewed": "1970", "beat": number}
            storage.write("lease/000001.json", json.dumps(lease).encode())
            if ended.wait(PERIOD):
                return

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        while "lease/000001.json" not in storage.names():
            time.sleep(PERIOD)
        with pytest.raises(UserError, match="in use by a slow clock"):
            Lease.acquire(storage, PERIOD)
    finally:
        ended.set()
        beating.join()


def test_files_that_vanish_are_no_ownership(tmp_path):
    storage = open_storage(f"file://{tmp_path}/mounted")
    owner = Lease.acquire(storage, PERIOD)
    owner.stop()
    (tmp_path / "mounted").rename(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="gone"):
        owner.renew()
    assert not (tmp_path / "mounted").exists()


def test_a_store_that_creates_twice_is_settled_by_waiting(tmp_path, monkeypatch):
    """Both of two processes were told that they had made the file; the last one has."""
    storage = open_storage(f"{Shelf.protocol}://{tmp_path}/run")
    assert not storage.exclusive
    create = ObjectStorage.create

    def overtaken(self, name: str, data: bytes) -> None:
        create(self, name, data)
        monkeypatch.setattr(ObjectStorage, "create", create)
        other = {"owner": "another", "token": "other", "period_seconds": PERIOD, "released": True}
        self.write(name, json.dumps(other).encode())

    monkeypatch.setattr(ObjectStorage, "create", overtaken)
    lease = Lease.acquire(storage, PERIOD)
    assert storage.names() == ["lease/000002.json"]
    lease.release()
