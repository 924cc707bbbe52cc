"""Where a task is evaluated: what each device setting gives here, and that torch's answers are the kernels'."""

import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from configs.schema import EvaluationConfig, GradientConfig, SearchConfig
from envs.cartpole.task import CartPoleSwingUp
from envs.images.classification import Classification
from envs.task import is_safe_at_home, modules_of
from evolution.gradient.search import GradientSearch
from evolution.protocol import Setting
from networks import SMOOTH, random_genome, random_networks
from wann import UserError
from workers.device import DeviceTask, on_device
from workers.inline import InlineEvaluator
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

torch = pytest.importorskip("torch")

TASK = Classification("digits", batch=200)
WEIGHTS = np.array([-1.0, 0.5, 1.5])
SEEDS = np.array([3, 11])
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def networks():
    return random_networks(TASK.num_inputs, TASK.num_outputs, 20, np.random.default_rng(0), activations=SMOOTH)


def test_only_auto_falls_back():
    assert on_device(TASK, "cpu", MEGABYTE) == (TASK, "CPU")
    pole = CartPoleSwingUp()
    assert on_device(pole, "auto", MEGABYTE) == (pole, "CPU (device auto: no CUDA evaluator for this task)")
    with pytest.raises(UserError, match="which has no CUDA evaluator, found 'cuda'"):
        on_device(pole, "cuda", MEGABYTE)
    with pytest.raises(UserError, match="did you mean 'cuda'"):
        on_device(TASK, "cude", MEGABYTE)


@dataclass(frozen=True)
class OwnImages:
    """A task of a user's own that another backend can compute, which is no `Classification`."""

    images: Classification = TASK
    name: ClassVar[str] = "own_images"
    num_inputs: ClassVar[int] = TASK.num_inputs
    num_outputs: ClassVar[int] = TASK.num_outputs
    input_names: ClassVar[tuple[str, ...]] = TASK.input_names
    output_names: ClassVar[tuple[str, ...]] = TASK.output_names
    simulated_by: ClassVar[str] = "nothing"
    reported: ClassVar[None] = None

    def evaluate(self, networks, weights, seeds):
        return self.images.evaluate(networks, weights, seeds)

    def evaluate_oracle(self, network, weights, seeds):
        return self.images.evaluate_oracle(network, weights, seeds)

    def evaluate_by(self, backend, networks, weights, seeds):
        return self.images.evaluate_by(backend, networks, weights, seeds)

    def batch_of(self, seed):
        return self.images.batch_of(seed)


def test_a_task_of_the_users_own_runs_on_a_device(networks):
    own = OwnImages()
    task, words = on_device(own, "cuda", MEGABYTE, elsewhere=True)
    assert isinstance(task, DeviceTask) and task.task == own and words == "CUDA (the cluster's GPUs)"
    assert (task.data_files(), is_safe_at_home(task), modules_of(task)) == ({}, False, (__name__,))
    found = DeviceTask(own, "cpu", MEGABYTE).evaluate(networks, WEIGHTS, SEEDS)
    np.testing.assert_allclose(found.values, TASK.evaluate(networks, WEIGHTS, SEEDS).values, atol=2e-4)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there():
    assert on_device(TASK, "auto", MEGABYTE) == (TASK, "CPU (device auto: no CUDA device found)")
    with pytest.raises(UserError, match="expected a CUDA device that torch can use, found none"):
        on_device(TASK, "cuda", MEGABYTE)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_that_is_there(networks):
    for device in ("auto", "cuda"):
        task, words = on_device(TASK, device, MEGABYTE)
        assert isinstance(task, DeviceTask) and words.startswith("CUDA (")
        found = task.evaluate(networks, WEIGHTS, SEEDS).values
        np.testing.assert_allclose(found, TASK.evaluate(networks, WEIGHTS, SEEDS).values, atol=2e-4)


@pytest.mark.parametrize("score", ["cross_entropy", "tempered_cross_entropy", "accuracy"])
def test_torch_answers_as_the_kernels_do(networks, score):
    task = Classification("digits", batch=200, score=score)
    ours = DeviceTask(task, "cpu", MEGABYTE)
    tolerance = 1.0 if score == "accuracy" else 2e-4  # percent, or nats
    found, expected = (part.evaluate(networks, WEIGHTS, SEEDS) for part in (ours, task))
    np.testing.assert_allclose(found.values, expected.values, atol=tolerance)
    np.testing.assert_array_equal(found.steps, expected.steps)
    individual = [np.linspace(-1, 1, 2 * 60).reshape(2, 60) for _ in range(len(networks))]
    found, expected = (part.evaluate(networks, individual, SEEDS) for part in (ours, task))
    np.testing.assert_allclose(found.values, expected.values, atol=tolerance)


@pytest.mark.slow
def test_an_evaluator_takes_it_and_workers_give_the_same_bytes(networks, ray_session):
    task = DeviceTask(TASK, "cpu", MEGABYTE)
    assert pickle.loads(pickle.dumps(task)) == task
    with InlineEvaluator(task) as inline, RayEvaluator(task, RayOptions(num_workers=2, home_seconds=0)) as workers:
        expected = inline.evaluate(networks, WEIGHTS, SEEDS)
        found = workers.evaluate(networks, WEIGHTS, SEEDS)
        assert found.values.tobytes() == expected.values.tobytes()
        oracle = workers.evaluate_oracle(networks[0], WEIGHTS, SEEDS).values
        np.testing.assert_allclose(oracle[0], expected.values[0], atol=2e-4)


def test_gradients_agree_with_the_kernels():
    genome = random_genome(TASK.num_inputs, TASK.num_outputs, np.random.default_rng(1), 20, SMOOTH)
    nodes = np.arange(genome.num_nodes)
    arguments = genome, WEIGHTS, SEEDS, [(nodes, nodes[1 + TASK.num_inputs :])]
    found, expected = DeviceTask(TASK, "cpu", MEGABYTE).gradients(*arguments), TASK.gradients(*arguments)
    np.testing.assert_allclose(found.first, expected.first, rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(found.second, expected.second, rtol=1e-4, atol=2e-5 * expected.second.max())


def test_gradients_are_torchs(monkeypatch):
    genome = random_genome(TASK.num_inputs, TASK.num_outputs, np.random.default_rng(1), 20, SMOOTH)
    monkeypatch.setattr("wann.torch.gradients.gradients", lambda *arguments: arguments[-2:])
    assert DeviceTask(TASK, "cpu", MEGABYTE).gradients(genome, WEIGHTS, SEEDS, []) == ("cpu", MEGABYTE)


def test_a_gradient_informed_search_learns_by_torch_and_repeats_at_any_memory_budget():
    task = Classification("digits", batch=400, score="tempered_cross_entropy")
    settings = GradientConfig(equal_paths=True, probes=24)
    config = SearchConfig(
        strategy="gradient_informed", activations=("linear", "inverse", "abs", "relu"), gradient_informed=settings
    )
    evaluation = EvaluationConfig(weights=(1.0,), rollouts=1)

    def run(memory_bytes: int) -> list:
        search = GradientSearch(Setting(config, evaluation, 0, task.num_inputs, task.num_outputs))
        summaries: list = []
        with InlineEvaluator(DeviceTask(task, "cpu", memory_bytes)) as evaluator:
            while len(summaries) < 12:
                summary = search.tell(search.ask().answered_by(evaluator).found)
                summaries += [] if summary is None else [summary]
        return summaries

    summaries = run(64 * MEGABYTE)
    assert summaries[-1].best_mean_return > -1.6  # nats; nothing learnt is -2.3
    assert run(1) == summaries
