"""Runs at URLs in one process, as in a notebook."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from configs import Config
from experiment.replicates.children import open_child
from storage.remote.run import RemoteRun
from storage.remote.stores import open_storage
from storage.run_directory import RunDirectory
from wann.errors import UserError

CONFIG = Config.model_validate({"logging": {"put_seconds": 0}})


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "cache"))


def names(url: str) -> list[str]:
    return [name for name in open_storage(url).names() if not name.startswith("lease/")]


def test_two_runs_in_one_process_do_not_see_each_other(tmp_path):
    one, other = (f"memory://{uuid4().hex}/run" for _ in range(2))
    with RemoteRun.create_at(one, CONFIG) as first, RemoteRun.create_at(other, CONFIG) as second:
        with RunDirectory.create(first.path / "local", CONFIG) as local:  # below it, but no child of it
            local.write("champion.json", b"not put at once")
        second.write("second.csv", b"2")
        assert names(one) == ["config.yaml"] and names(other) == ["config.yaml", "second.csv"]
        first.write("first.csv", b"1")
        second.save_checkpoint({"x": np.arange(3)}, {"generation": 1})
        assert "first.csv" in names(one) and "checkpoint" not in names(one)
        assert names(other) == ["checkpoint", "config.yaml", "second.csv"]
        assert first.address == one and second.address == other
        assert first.address_of(second.path / "x") == str(second.path / "x")
        assert second.address_of(f"{second.path / 'x'}:7") == f"{other}/x:7"


def test_children_share_the_place_of_their_parent():
    url = f"memory://{uuid4().hex}/run"
    with RemoteRun.create_at(url, CONFIG) as run:
        with open_child(run, run.path / "replicate-000", CONFIG) as child:
            child.append_metrics({"generation": 0})
            child.save_checkpoint({}, {"generation": 1})
            assert child.address == f"{url}/replicate-000"
            below = [f"replicate-000/{name}" for name in ("checkpoint", "config.yaml", "metrics.jsonl")]
            assert names(url) == ["config.yaml", *below]
        with open_child(run, run.path / "replicate-000", CONFIG) as child:
            assert child.mirror is run.mirror and not child.is_fresh


def test_mistakes_name_the_place_that_the_user_named():
    url = f"memory://{uuid4().hex}/run"
    with RemoteRun.create_at(url, CONFIG) as run:
        run.save_checkpoint({}, {"generation": 1})
    with pytest.raises(UserError) as caught:
        RemoteRun.open_at(url, ["seed=9"])
    assert caught.value.place == url
    with pytest.raises(UserError) as caught:
        RemoteRun.create_at(url, CONFIG)
    assert (caught.value.place, caught.value.resume) == (url, url)
    storage = open_storage(url)
    storage.write("config.yaml", storage.read("config.yaml").replace(b"seed: 0", b"seed: 5"))
    with RemoteRun.open_at(url) as run, pytest.raises(UserError) as caught:
        run.load_checkpoint()
    assert caught.value.place == f"{url}/config.yaml"


def test_a_closed_run_is_closed_once():
    url = f"memory://{uuid4().hex}/run"
    run = RemoteRun.create_at(url, CONFIG)
    path = Path(run.path)
    run.close()
    run.close()
    assert not path.exists()
    RemoteRun.open_at(url).close()
