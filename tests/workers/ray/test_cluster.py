"""Joining a cluster that knows nothing of this project: as a driver and as a client, and what can be wrong with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters import LOOPBACK, cluster
from places import ROOT
from wann import UserError
from workers.ray.addresses import job_address
from workers.ray.arrival import check_versions
from workers.ray.shipping import SOURCES, runtime_env, versions

PREAMBLE = f"""
import logging, os, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from envs.task import Returns
from faulty_tasks import ArithmeticTask
from networks import random_networks
from wann import UserError
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

networks = random_networks(3, 2, 40, np.random.default_rng(0))
weights = np.array([-1.0, 2.0])

@dataclass(frozen=True)
class ReadingTask(ArithmeticTask):
    '''Adds what a file says, and tells where its worker's code is from.'''
    def data_files(self):
        return {{"numbers/seven": b"7"}}
    def evaluate(self, networks, weights, seeds):
        import wann
        from wann.cache import cache_directory
        (cache_directory() / "code").write_text(wann.__file__)
        found = super().evaluate(networks, weights, seeds)
        return Returns(found.values + int((cache_directory() / "numbers/seven").read_text()), found.steps)

def try_it(address, **runtime_env):
    try:
        with RayEvaluator(ReadingTask(), RayOptions(2, address, home_seconds=0, runtime_env=runtime_env)) as evaluator:
            found = evaluator.evaluate(networks, weights, [1, 2])
            expected = ArithmeticTask().evaluate(networks, weights, [1, 2])
            print((found.values == expected.values + 7).all(), evaluator.statistics()["worker_deaths"])
    except UserError as error:
        print("UserError", error)
"""


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> Iterator[tuple[str, str]]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def run(script: str, directory: Path) -> list[str]:
    """Lines of a driver's output."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | LOOPBACK
    command = [sys.executable, "-c", PREAMBLE + script]
    done = subprocess.run(command, cwd=directory, env=clean, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_driver_joins_and_data_comes_along(addresses, tmp_path: Path) -> None:
    cache = {"WANN_CACHE_DIR": str(tmp_path / "cache")}
    lines = run(
        f"""
try_it({addresses[0]!r}, env_vars={cache!r})
try_it({addresses[0]!r}, env_vars={{"WANN_CACHE_DIR": "/proc/none"}})
""",
        tmp_path,
    )
    assert lines[0] == "True 0.0"
    assert (tmp_path / "cache" / "numbers" / "seven").read_bytes() == b"7"
    assert os.listdir(tmp_path / "cache" / "numbers") == ["seven"]
    assert lines[1].startswith("UserError task: expected to keep /proc/none/numbers/seven, which this task reads, in a")
    assert lines[1].endswith("on node 127.0.0.1") and len(lines) == 2


def test_a_client_sends_its_sources(addresses, tmp_path: Path) -> None:
    """Its machine is taken for another one, so nothing of the checkout is used in place."""
    cache = {"WANN_CACHE_DIR": str(tmp_path / "cache")}
    assert run(f"try_it('ray://{addresses[1]}', env_vars={cache!r})", tmp_path) == ["True 0.0"]
    code = Path((tmp_path / "cache" / "code").read_text())
    assert "py_modules_files" in code.parts and not code.is_relative_to(ROOT)


def test_other_versions_are_one_sentence(addresses, tmp_path: Path) -> None:
    """Of Ray by its own check, and of libraries by each worker's."""
    lines = run(
        f"""
import ray, workers.ray.shipping
true = ray.__version__
ray.__version__ = "2.1.0"
try_it({addresses[0]!r})
ray.__version__ = true
original = workers.ray.shipping.version
workers.ray.shipping.version = lambda name: "0.9" if name == "numpy" else original(name)
try_it({addresses[0]!r})
""",
        tmp_path,
    )
    assert lines[0].startswith("UserError workers.address: expected the Ray ")
    assert "in the driver too, found Ray 2.1.0 and Python" in lines[0]
    assert lines[1].startswith("UserError workers.address: expected numpy 0.9 on every node, as in the driver")
    assert len(lines) == 2


def test_no_gpu_in_the_cluster_is_one_sentence_for_the_command(addresses, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run_search.py"), str(ROOT / "configs/digits.yaml"), "--address"]
    command += [addresses[0], "--set", "workers.device=cuda", "--run-dir", str(tmp_path / "run")]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | LOOPBACK, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "run_search.py: workers.device: expected a GPU that Ray knows of, found none\n"


def test_a_lost_head_is_one_sentence(tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, _):
        lines = run(
            f"""
import subprocess, workers.ray.pool
from workers.evaluator import WorkerError
workers.ray.pool._HEAD_SECONDS = 2.0
with RayEvaluator(ArithmeticTask(), RayOptions(2, {address!r}, home_seconds=0)) as evaluator:
    evaluator.evaluate(networks, weights, [1])
    subprocess.run(["pkill", "-9", "-f", "[g]cs_server.*port={address.split(":")[1]}"], check=True)
    try:
        while True:
            evaluator.evaluate(networks, weights, [1])
    except WorkerError as error:
        print(error)
""",
            tmp_path,
        )
    assert len(lines) == 1 and lines[0].startswith(f"the Ray cluster's head at {address} has not answered for ")


def test_a_difference_names_what_differs() -> None:
    mine = versions()
    check_versions(mine, mine)
    check_versions(mine, {name: mine[name] for name in (SOURCES, "numpy")})  # others are not needed there
    with pytest.raises(UserError, match="on every node, as in the driver, found abc; run from one checkout"):
        check_versions(mine, mine | {SOURCES: "abc"})
    with pytest.raises(UserError, match=r"expected numba 0.1 on every node.*; install requirements.lock everywhere"):
        check_versions({"numba": "0.1"}, mine)


def test_code_is_sent_unless_it_is_there(monkeypatch) -> None:
    assert {Path(path).name for path in runtime_env({"pip": ["x"]})["py_modules"]} == {"envs", "wann", "workers"}
    assert job_address() is None
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", '{"runtime_env": {"working_dir": "gcs://package.zip"}}')
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert runtime_env({"pip": ["x"]}) == {"pip": ["x"]}
    assert job_address() == "10.0.0.1:6379"
