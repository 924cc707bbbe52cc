"""Joining a cluster that knows nothing of this project: as a driver and as a client, and what can be wrong with it."""

import importlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import workers.ray.cluster
import workers.ray.private
from clusters import LOOPBACK, cluster
from places import ROOT
from wann import UserError
from workers.ray.addresses import job_address
from workers.ray.arrival import check_versions
from workers.ray.shipping import SOURCES, _digest, runtime_env, versions, with_interpreter

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
    '''Adds the number in a file.'''
    def data_files(self):
        return {{"numbers/seven": b"7"}}
    def evaluate(self, networks, weights, seeds):
        from wann.cache import cache_directory
        found = super().evaluate(networks, weights, seeds)
        return Returns(found.values + int((cache_directory() / "numbers/seven").read_text()), found.steps)

def try_it(address, task=ReadingTask(), **runtime_env):
    try:
        with RayEvaluator(task, RayOptions(2, address, home_seconds=0, runtime_env=runtime_env)) as evaluator:
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


@pytest.mark.slow
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


LONE_MODULE = """
import os
from dataclasses import dataclass
import own_package.helping
from envs.task import Returns
from faulty_tasks import ArithmeticTask

@dataclass(frozen=True)
class LoneTask(ArithmeticTask):
    modules = ("own_package.helping", "json")
    def evaluate(self, networks, weights, seeds):
        import wann
        from wann.cache import cache_directory
        for name, path in {"wann": wann.__file__, "lone": __file__, "helping": own_package.helping.__file__}.items():
            own = cache_directory() / f"{name}-{os.getpid()}"  # a worker that was overtaken may be writing it still
            own.write_text(path)
            own.replace(cache_directory() / name)
        found = super().evaluate(networks, weights, seeds)
        return Returns(found.values + own_package.helping.SEVEN, found.steps)
"""


@pytest.mark.slow
def test_a_client_sends_its_sources_and_modules_of_the_user(addresses, tmp_path: Path) -> None:
    """A module that is one file, and a package that it needs; neither is in the working directory.

    The client's machine is taken for another one, so no path of it is used in place.
    """
    own = tmp_path / "own"
    (own / "own_package").mkdir(parents=True)
    (own / "own_package" / "__init__.py").touch()
    (own / "own_package" / "helping.py").write_text("SEVEN = 7\n")
    (own / "lone_module.py").write_text(LONE_MODULE)
    (tmp_path / "cache").mkdir()
    cache = {"WANN_CACHE_DIR": str(tmp_path / "cache")}
    script = f"""
sys.path.append({str(own)!r})
from lone_module import LoneTask
try_it('ray://{addresses[1]}', LoneTask(), env_vars={cache!r})
"""
    assert run(script, tmp_path) == ["True 0.0"]
    ends = {"wann": "wann/__init__.py", "lone": "lone_module.py", "helping": "own_package/helping.py"}
    for name, end in ends.items():
        path = Path((tmp_path / "cache" / name).read_text())
        assert path.as_posix().endswith(end)
        assert "py_modules_files" in path.parts and not (path.is_relative_to(tmp_path) or path.is_relative_to(ROOT))


@pytest.mark.slow
def test_a_cluster_that_asks_for_a_token_says_so_at_once(tmp_path: Path) -> None:
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": 64 * "a"}
    # Ray gives each of them up after half a minute, so both are tried at once.
    with cluster(tmp_path, environment=token) as (address, client), ThreadPoolExecutor() as threads:
        found = list(threads.map(lambda place: run(f"try_it({place!r})", tmp_path), (address, f"ray://{client}")))
    for (line,) in found:
        assert line.startswith("UserError workers.address: expected a Ray cluster, found one at ")
        assert line.endswith("; it asks for a token: set RAY_AUTH_MODE=token")
        assert "tried for" not in line


@pytest.mark.slow
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


@pytest.mark.slow
def test_no_gpu_in_the_cluster_is_one_sentence_for_the_command(addresses, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run_search.py"), str(ROOT / "configs/digits.yaml"), "--address"]
    command += [addresses[0], "--set", "workers.device=cuda", "--run-dir", str(tmp_path / "run")]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | LOOPBACK, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "run_search.py: workers.device: expected a GPU that Ray knows of, found none\n"


@pytest.mark.slow
def test_a_lost_head_is_one_sentence(tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, _):
        lines = run(
            f"""
import subprocess, workers.ray.worker_pool
from workers.evaluator import WorkerError
workers.ray.worker_pool._HEAD_SECONDS = 2.0
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


def test_a_module_of_the_user_must_be_there_and_the_same(tmp_path: Path, monkeypatch) -> None:
    found = []
    for place, text in (("one", "A = 1"), ("other", "A = 2")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "changing_module.py").write_text(text)
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / place)])
        importlib.invalidate_caches()
        _digest.cache_clear()
        found.append(versions(("changing_module.part", "json", "wann.genome")))
        monkeypatch.undo()
    modules = ("changing_module.part",)
    check_versions(found[0], found[0], modules)
    for other, what in ((found[1], found[1]["module 'changing_module'"]), (versions(), "none")):
        with pytest.raises(UserError, match=rf"expected module 'changing_module' .*, found {what}; use one copy of it"):
            check_versions(found[0], other, modules)
    assert len(found[0]) == len(versions()) + 1


def test_a_module_without_a_file_cannot_be_sent() -> None:
    with pytest.raises(UserError, match="task: expected module 'no_such_module' as a file or a directory, to be sent"):
        runtime_env({}, ("no_such_module",))


@pytest.mark.parametrize("times", [2, 1000])
def test_a_server_for_clients_that_is_slow_to_start_is_tried_again(monkeypatch, times: int) -> None:
    """A busy machine cannot be had on demand: the reports are those of Ray on one."""
    reports = ["Initialization failure from server:\nTraceback\nRuntimeError: Starting Ray client server failed."]
    left = [*times * reports]

    def join(address: str, options: dict) -> None:
        if left:
            raise ConnectionAbortedError(left.pop())

    monkeypatch.setattr(workers.ray.cluster, "_join_once", join)
    monkeypatch.setattr(workers.ray.cluster, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(workers.ray.cluster, "_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(workers.ray.private, "asks_for_token", lambda address, client: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ray://127.0.0.1:{server.getsockname()[1]}"
        if times == 2:
            workers.ray.cluster._join(address, {})
            assert not left
            return
        with pytest.raises(UserError) as caught:
            workers.ray.cluster._join(address, {})
    assert caught.value.sentence == (
        f"workers.address: expected a Ray cluster, found one at {address!r} that, tried for 0 s, cannot be joined "
        "(RuntimeError: Starting Ray client server failed.)"
    )


def test_code_is_sent_unless_it_is_there(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert {Path(path).name for path in runtime_env({"pip": ["x"]})["py_modules"]} == {"envs", "wann", "workers"}
    own = runtime_env({"py_modules": ["mine"]}, ("faulty_tasks", "os.path", "numpy"))["py_modules"]
    assert [Path(path).name for path in own] == ["mine", "envs", "wann", "workers", "faulty_tasks.py"]
    assert job_address() is None
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", '{"runtime_env": {"working_dir": "gcs://package.zip"}}')
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert runtime_env({"pip": ["x"]}, ("faulty_tasks",))["py_modules"] == [str(ROOT / "tests" / "faulty_tasks.py")]
    monkeypatch.chdir(ROOT)
    assert runtime_env({"pip": ["x"]}, ("faulty_tasks",)) == {"pip": ["x"]}
    assert job_address() == "10.0.0.1:6379"


def test_an_interpreter_whose_path_has_a_space_is_quoted_for_rays_shell(monkeypatch) -> None:
    monkeypatch.setattr("sys.executable", "/à part/bin/python")
    settings = {"env_vars": {"A": "1"}}
    assert with_interpreter(settings) == {**settings, "py_executable": "'/à part/bin/python'"}
    assert with_interpreter({"py_executable": "own"}) == {"py_executable": "own"}
    assert with_interpreter({}) == {}, "without settings Ray uses no shell, and starts workers ahead of time"
    monkeypatch.setattr("sys.executable", "/usr/bin/python")
    assert with_interpreter(settings) == settings
