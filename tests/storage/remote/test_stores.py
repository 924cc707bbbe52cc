"""Storages of every kind do the same, whole files only."""

import importlib.util
from uuid import uuid4

import fsspec
import pytest

from storage.remote.stores import is_url, open_storage
from stores import Bucket
from wann.errors import UserError
from wann.files import PARTIAL


@pytest.fixture(params=["file", "memory", "shelf", "bucket", "dir"])
def storage(request, tmp_path):
    name = f"{uuid4().hex}/runs/mine"
    places = {"file": f"{tmp_path}/{name}", "shelf": f"{tmp_path}/{name}", "memory": name, "bucket": name}
    if request.param == "dir":  # one kind within another
        (tmp_path / "inner").mkdir()
        return open_storage(f"dir://runs/mine::file://{tmp_path}/inner")
    return open_storage(f"{request.param}://{places[request.param]}")


def test_what_is_written_is_read_and_listed(storage):
    assert storage.names() == []
    assert storage.names("lease") == []
    for name, data in (("b", b"2"), ("deep/er/c", b""), ("a", bytes(range(256)))):
        storage.write(name, data)
        assert storage.read(name) == data
    assert storage.names() == ["a", "b", "deep/er/c"]
    assert storage.names("deep") == ["deep/er/c"]
    storage.write("a", b"new")
    assert storage.read("a") == b"new"
    storage.remove("a")
    assert storage.names() == ["b", "deep/er/c"]


def test_a_name_is_created_once(storage):
    storage.create("lease/1", b"first")
    with pytest.raises(FileExistsError):
        storage.create("lease/1", b"second")
    assert storage.read("lease/1") == b"first"
    assert storage.names() == ["lease/1"]


def test_what_is_not_there_is_missing(storage):
    with pytest.raises(FileNotFoundError):
        storage.read("nothing")


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    for url, renames in ((f"file://{tmp_path}/one", "os.replace"), (f"shelf://{tmp_path}/two", "stores.Shelf.mv")):
        storage = open_storage(url)
        storage.write("file", b"old")
        with monkeypatch.context() as patch:
            patch.setattr(renames, fail)
            with pytest.raises(OSError, match="Input/output"):
                storage.write("file", b"new")
        assert storage.read("file") == b"old"
        assert not [name for name in storage.names() if name.endswith(PARTIAL)]


def test_errors_of_a_client_are_errors_of_the_system(monkeypatch):
    monkeypatch.setattr(Bucket, "puts_left", 0)
    with pytest.raises(OSError, match="403 no writes here"):
        open_storage("bucket://refusing").write("file", b"")


def test_only_urls_are_urls():
    assert all(map(is_url, ["s3://bucket/run", "file:///a", "memory://a", "dir://a::file:///b"]))
    assert not any(map(is_url, ["runs/mine", "/a/b", "C:\\runs", "a:b", "./s3"]))


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UserError, match=r"expected a kind of storage .* found 'memry' \(did you mean 'memory'\?\)"):
        open_storage("memry://run")


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="the package is there")
def test_a_package_that_is_missing_is_named():
    assert "s3" in fsspec.available_protocols()
    with pytest.raises(UserError, match="Install s3fs"):
        open_storage("s3://bucket/run")
