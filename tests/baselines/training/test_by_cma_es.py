"""CMA-ES: what it minimises is the model's own loss, on images that a generation shares; and nothing else is drawn."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cmaes")

from torch.nn import functional  # noqa: E402 - torch may be missing
from torch.nn.utils import vector_to_parameters  # noqa: E402

from baselines.models.model import Problem  # noqa: E402
from baselines.models.topology import Topology  # noqa: E402
from baselines.training import by_cma_es as evolving  # noqa: E402
from baselines.training.by_cma_es import CmaEsTrainer  # noqa: E402
from trained import digits, digits_topology  # noqa: E402
from wann.batch import individual_scores  # noqa: E402

SMALL = CmaEsTrainer(epochs=2, generations=5, population=6, batch=200)


def evolve(trainer: CmaEsTrainer, seed: int = 0) -> Topology:
    parts = digits()
    generator = torch.Generator().manual_seed(seed)
    model = Topology(Problem(64, 10, digits_topology()), generator)
    trainer.train(model, parts["train"], parts["validation"], generator, lambda *_: None)
    return model


@pytest.fixture
def asked(monkeypatch):
    """Batches, weights [E, n], scales [n] and losses [n] of all generations."""
    told = []

    def watched(networks, weights, batch, scales):
        found = individual_scores(networks, weights, batch, scales)
        told.append((batch, weights[0], scales, found.losses[0]))
        return found

    monkeypatch.setattr(evolving, "individual_scores", watched)
    return told


def test_the_objective_is_the_cross_entropy_of_the_model(asked):
    evolve(SMALL)
    model = Topology(Problem(64, 10, digits_topology()), torch.Generator())
    for batch, weights, scales, losses in asked:
        inputs, labels = torch.from_numpy(batch.inputs.T.copy()), torch.from_numpy(batch.labels)
        for n in range(SMALL.population):
            own = torch.from_numpy(np.append(weights[:, n], np.log(scales[n])).astype(np.float32))
            vector_to_parameters(own, model.parameters())
            with torch.inference_mode():
                assert losses[n] == pytest.approx(functional.cross_entropy(model(inputs), labels).item(), abs=1e-4)


def test_a_generation_shares_images_of_the_training_part_and_the_next_has_others(asked):
    evolve(SMALL)
    training = digits()["train"]
    known = {row.tobytes(): label for row, label in zip(training.inputs.numpy(), training.labels.tolist(), strict=True)}
    assert len(asked) == SMALL.epochs * SMALL.generations
    drawn = set()
    for batch, weights, scales, _ in asked:
        assert len(batch) == 200 and weights.shape == (680, 6) and scales.shape == (6,)
        assert [known[row.tobytes()] for row in batch.inputs.T.copy()] == batch.labels.tolist()
        drawn.add(batch.inputs.tobytes())
    assert len(drawn) == len(asked)


def test_candidates_lie_around_the_start_by_sigma(asked):
    evolve(replace(SMALL, sigma=0.2, population=20))
    start, (_, weights, scales, _) = digits_topology(), asked[0]
    offsets = np.vstack([weights - start.weight, np.log(scales) - np.log(start.logit_scale)])
    assert offsets.std() == pytest.approx(0.2, rel=0.05) and abs(offsets.mean()) < 0.01
    assert len(np.unique(scales)) == 20


def test_the_model_is_the_mean_and_not_a_candidate(asked):
    """Half of the candidates weigh in; a mean of them lies nearer to the start than any one does."""
    model = evolve(replace(SMALL, epochs=1, generations=1, population=20))
    start, (_, weights, _, losses) = digits_topology(), asked[0]
    mean = model.connections.detach().numpy() - start.weight
    offsets = weights - start.weight
    assert np.linalg.norm(mean) < 0.5 * np.linalg.norm(offsets, axis=0).min()
    likeness = offsets.T @ mean
    assert likeness[losses.argmin()] > likeness[losses.argmax()]


def test_what_is_no_number_is_never_chosen(monkeypatch):
    """The first half of each generation fails: the mean is that of the others alone."""

    def broken(networks, weights, batch, scales):
        found = individual_scores(networks, weights, batch, scales)
        found.losses[0, :10] = np.nan
        kept.append(weights[0][:, 10:])
        return found

    kept: list[np.ndarray] = []
    monkeypatch.setattr(evolving, "individual_scores", broken)
    model = evolve(replace(SMALL, epochs=1, generations=1, population=20))
    mean = model.connections.detach().numpy() - digits_topology().weight
    # Ten weighed offsets of 680 dimensions are all but orthogonal: their mean is a sum of them alone.
    shares, residual, *_ = np.linalg.lstsq(kept[0] - digits_topology().weight, mean, rcond=None)
    assert residual[0] < 1e-6 and shares.min() > 0


def test_more_images_than_there_are_is_all_of_them(asked):
    evolve(replace(SMALL, batch=10**6, epochs=1, generations=1))
    assert len(asked[0][0]) == len(digits()["train"])


def test_global_generators_are_left_alone():
    before, state = np.random.get_state(legacy=False), torch.random.get_rng_state()  # noqa: NPY002 - it is what is asked
    evolve(SMALL)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_equal(after, before)
    assert torch.equal(state, torch.random.get_rng_state())


def test_waiting_ends():
    """Such large steps find nothing better for long."""
    parts, generator = digits(), torch.Generator().manual_seed(0)
    model = Topology(Problem(64, 10, digits_topology()), generator)
    trainer = replace(SMALL, epochs=50, generations=1, sigma=3.0, patience=3)
    found = trainer.train(model, parts["train"], parts["validation"], generator, lambda *_: None)
    assert found.epochs == found.best_epoch + 3 < 50
