"""Starting, joining and leaving Ray, each in a process of its own, as a command would."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from faulty_tasks import ArithmeticTask
from networks import random_networks
from places import ROOT
from workers.ray.cluster import connect

# Only the script itself knows where the project is: it finds it, as run_search.py does, beside itself.
PREAMBLE = f"""
import hashlib, logging, os, signal, sys, time
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
import numpy as np
from faulty_tasks import ArithmeticTask
from networks import random_networks
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

networks = random_networks(3, 2, 60, np.random.default_rng(0))
weights = np.array([-1.0, 2.0])

def digest(returns):
    return hashlib.sha256(returns.values.tobytes() + returns.steps.tobytes()).hexdigest()
"""


def expected_digest() -> str:
    networks = random_networks(3, 2, 60, np.random.default_rng(0))
    returns = ArithmeticTask().evaluate(networks, np.array([-1.0, 2.0]), [1, 2])
    return hashlib.sha256(returns.values.tobytes() + returns.steps.tobytes()).hexdigest()


def start(script: str, directory: Path, *before: str, **environment: str) -> subprocess.Popen[str]:
    """A session leader of its own, in another directory, without the variables that tests set.

    Args:
        script: of Python.
        directory: the working directory.
        before: arguments of a shell that runs it; the first is the shell's name.
        environment: further variables.
    """
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "WANN_CACHE_DIR")}
    return subprocess.Popen(
        [*before, sys.executable, "-c", PREAMBLE + script],
        executable="/bin/sh" if before else None,
        cwd=directory,
        env=clean | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_ctrl_c_reaches_the_driver_only(tmp_path: Path) -> None:
    """SIGINT to the whole process group, twice in one request: nobody dies, the driver decides.

    And nothing of Ray listens beyond this machine, writes to standard output, or yields to other programs.
    """
    process = start(
        """
import ray
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
with RayEvaluator(ArithmeticTask(seconds=0.05), RayOptions(2)) as evaluator:
    evaluator.wait_until_started()
    before = evaluator.actor_pids()
    print("ready", flush=True)
    print(digest(evaluator.evaluate(networks, weights, [1, 2])))
    print(digest(evaluator.evaluate(networks, weights, [1, 2])))
    print(len(seen), before == evaluator.actor_pids(), evaluator.statistics()["worker_deaths"])
    print(sorted({node["NodeManagerAddress"] for node in ray.nodes()}))
    print({os.getpriority(os.PRIO_PROCESS, pid) for pid in before} == {os.getpriority(os.PRIO_PROCESS, 0)})
print(signal.getsignal(signal.SIGINT) is not signal.SIG_DFL, ray.is_initialized())
""",
        tmp_path,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for _ in range(2):
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out.splitlines() == [expected_digest()] * 2 + ["2 True 0.0", "['127.0.0.1']", "True", "True False"], err
    assert err == ""
    assert process.returncode == 0


@pytest.mark.slow
def test_uv_and_a_home_of_an_awkward_name(tmp_path: Path) -> None:
    """Ray would take the shell for ``uv run`` of a project elsewhere, and could not open sockets in this home."""
    home = tmp_path / "caf\u00e9"
    home.mkdir()
    (tmp_path / "run").write_text('while [ "$1" != -- ]; do shift; done; shift; "$@"; exit $?\n')
    with TemporaryDirectory(dir="/tmp", prefix="w") as temporary:
        process = start(
            """
with RayEvaluator(ArithmeticTask(), RayOptions(1, home_seconds=0)) as evaluator:
    print(evaluator._connection.directory)
    print(digest(evaluator.evaluate(networks, weights, [1, 2])))
""",
            tmp_path,
            *("uv", "run", "--project", str(ROOT), "--"),
            HOME=str(home),
            XDG_CACHE_HOME="",
            TMPDIR=temporary,
        )
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        directory, found = out.splitlines()
        assert directory.startswith(f"{temporary}/wann-{os.getuid()}/ray/session_")
        assert found == expected_digest()


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_driver(tmp_path: Path) -> None:
    process = start(
        """
with RayEvaluator(ArithmeticTask(seconds=1), RayOptions(2)) as evaluator:
    evaluator.wait_until_started()
    print(*evaluator.actor_pids(), flush=True)
    evaluator.evaluate(networks, weights, [1, 2])
""",
        tmp_path,
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, f"workers {pids} outlive their driver"
        time.sleep(0.1)


@pytest.mark.slow
def test_lost_node_is_nobodys_fault(tmp_path: Path) -> None:
    """A cluster of two machines, joined by its address; one of them goes while it runs a genome alone."""
    process = start(
        """
logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
one = networks.take([0, 1])
options = RayOptions(None, cluster.address, home_seconds=0, max_attempts=1)
with RayEvaluator(ArithmeticTask(seconds=4), options) as evaluator:
    evaluator.wait_until_started()
    print(evaluator.statistics()["worker_count"], len({worker.node for worker in evaluator.workers}))
    import threading
    threading.Timer(1, lambda: cluster.remove_node(second, allow_graceful=False)).start()
    found = evaluator.evaluate(one, weights, [1, 2])
    expected = ArithmeticTask().evaluate(one, weights, [1, 2])
    print(digest(found) == digest(expected), evaluator.statistics()["worker_poisoned"])
    print("joined at " + cluster.address in evaluator.description)
cluster.shutdown()
""",
        tmp_path,
    )
    out, err = process.communicate(timeout=120)
    lines = [line for line in out.splitlines() if line.startswith(("True", "2.0", "worker"))]
    assert lines[0] == "2.0 2", err
    assert "node was lost" in lines[1], out + err
    assert lines[2:] == ["True 0.0", "True"], out + err


WRONG_ADDRESSES = {
    "nonsense": "workers.address: expected HOST:PORT or ray://HOST:PORT of a Ray cluster, or 'auto', found 'nonsense'",
    "": "workers.address: expected HOST:PORT or ray://HOST:PORT of a Ray cluster, or 'auto', found ''",
    "ray://127.0.0.1:PORT": "found 'ray://127.0.0.1:PORT', where nothing answers",
    "ray://nonsense": "found 'ray://nonsense'",
    "127.0.0.1:PORT": "found '127.0.0.1:PORT', where nothing answers",
    "127.0.0.1:99999": "found '127.0.0.1:99999', where nothing answers",
    "no-such-host.invalid:6379": "where nothing answers",
    "auto": "found 'auto', where nothing answers",
}


def test_wrong_addresses_are_one_sentence_each_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    script = f"""
from workers.ray.cluster import connect
os.environ["RAY_ADDRESS"] = "127.0.0.1:{port}"  # what 'auto' stands for: a cluster that is gone
for address in {[address.replace("PORT", port) for address in WRONG_ADDRESSES]!r}:
    try:
        connect(2, address)
    except Exception as error:
        print(type(error).__name__, error)
"""
    begin = time.perf_counter()
    out, err = start(script, tmp_path).communicate(timeout=100)
    assert time.perf_counter() - begin < 60
    lines = out.replace(port, "PORT").splitlines()
    assert len(lines) == len(WRONG_ADDRESSES), out + err
    for line, message in zip(lines, WRONG_ADDRESSES.values(), strict=True):
        assert line.startswith("UserError workers.address: ") and message in line


@pytest.mark.usefixtures("ray_session")
def test_running_ray_is_used_and_left_running() -> None:
    import ray

    session = connect(3, None)
    assert not session.owned
    assert session.num_workers == 3
    session.close()
    assert ray.is_initialized()
