"""Baselines learn, in seconds, more than chance or something simpler would; a seed gives the same weights."""

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from baselines.models.model import Problem  # noqa: E402 - torch may be missing
from baselines.registry import BASELINES  # noqa: E402
from baselines.train import fit  # noqa: E402
from baselines.training.by_gradients import GradientTrainer  # noqa: E402
from baselines.training.scoring import score  # noqa: E402
from trained import digits, digits_topology, some_mnist, trained  # noqa: E402

# Percent of the validation images, after so many epochs.
ON_DIGITS = {
    "linear": (10, 92),
    "mlp": (10, 95),
    "mask": (10, 93),
    "gates": (5, 80),
    "gates_any_weight": (5, 45),
    "gumbel_gates": (5, 45),
    "equal_path_gates": (5, 90),
    "invertible": (8, 92),
    "champion": (40, 88),
    "champion_cma_es": (8, 88),
}
# And training images.
ON_MNIST = {"cnn": (3, 85, 2000), "hypernetwork": (4, 85, 2000), "coordinate_hypernetwork": (3, 30, 4000)}
CHANGED = {
    # Its own learning rate would still be rising, or be falling already.
    "coordinate_hypernetwork": {"warm_up": 40, "last_rate": 1},
    # Its own sigma is for a topology that classifies already.
    "champion_cma_es": {"sigma": 0.1},
    # With its own noise it is hardly better than chance after so few epochs.
    "gumbel_gates": {"noise": 0.1},
}
# The model of the gates by other trainings; and evolution strategies, which take the longest.
SLOW = ("gates_any_weight", "gumbel_gates", "champion_cma_es")
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in ON_DIGITS]


def test_every_baseline_is_tried():
    assert set(ON_DIGITS) | set(ON_MNIST) == set(BASELINES)


@pytest.mark.parametrize("name", NAMES)
def test_learns_digits(name):
    epochs, wanted = ON_DIGITS[name]
    parts = digits()
    start = digits_topology() if BASELINES[name].takes_champion else None
    model = trained(name, parts, epochs, start=start, **CHANGED.get(name, {}))
    assert score(model, parts["validation"]).accuracy >= wanted


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_MNIST)
def test_learns_some_mnist(name):
    epochs, wanted, count = ON_MNIST[name]
    parts = some_mnist(count, "28x28")
    model = trained(name, parts, epochs, **CHANGED.get(name, {}))
    assert score(model, parts["validation"]).accuracy >= wanted


@pytest.mark.parametrize(
    ("name", "epochs"), [("champion", 15), pytest.param("champion_cma_es", 2, marks=pytest.mark.slow)]
)
def test_training_a_topology_improves_on_its_start(name, epochs):
    parts, start = digits(), digits_topology()
    first = BASELINES[name].make(Problem(64, 10, start), torch.Generator())
    model = trained(name, parts, epochs, start=start, **CHANGED.get(name, {}))
    assert score(model, parts["validation"]).accuracy > score(first, parts["validation"]).accuracy + 20
    assert len(model.connections.detach().unique()) > 600


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_weights(name):
    parts = digits()
    start = digits_topology() if BASELINES[name].takes_champion else None
    one, again, other = (trained(name, parts, 2, seed, start) for seed in (3, 3, 4))
    for ours, same, unlike in zip(one.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, same) and not torch.equal(ours, unlike)


def test_a_cpu_trains_on_one_thread_and_gives_the_others_back():
    """With several, sums depend on their number."""
    parts, before, seen = digits(), torch.get_num_threads(), []
    trainer = replace(BASELINES["linear"].trainer, epochs=1)

    def look(done: int, total: int, note: str) -> None:
        if done < total:
            seen.append(torch.get_num_threads())

    torch.set_num_threads(3)
    try:
        fit("linear", Problem(64, 10), parts["train"], parts["validation"], trainer, 0, look)
        assert set(seen) == {1} and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_the_best_epoch_is_kept_and_waiting_ends():
    """A learning rate at which the validation accuracy jumps about and does not grow for ever."""
    parts = digits()
    trainer = GradientTrainer(epochs=60, learning_rate=0.5, last_rate=1, patience=3)
    notes: list[str] = []
    model, found = fit(
        "linear", Problem(64, 10), parts["train"], parts["validation"], trainer, 0, lambda *told: notes.append(told[2])
    )
    assert found.epochs < 60 and found.epochs == found.best_epoch + 3
    assert score(model, parts["validation"]) == found.validation
    assert f"best {found.validation.accuracy:.2f} %" in notes[-1]


def test_a_mean_over_batches_is_steadier_than_the_last_one():
    """At a learning rate at which weights jump about."""
    parts, settings = digits(), {"learning_rate": 0.3, "last_rate": 1}
    last, mean = (trained("linear", parts, 6, average=average, **settings) for average in (0.0, 0.99))
    losses = [score(model, parts["test"]).cross_entropy for model in (last, mean)]
    assert losses[1] < 0.8 * losses[0]


def test_scores_are_those_of_torch():
    parts = digits()
    model = trained("linear", parts, 1)
    found = score(model, parts["test"])
    with torch.inference_mode():
        logits = model(parts["test"].inputs)
    right = (logits.argmax(1) == parts["test"].labels).double().mean().item()
    assert found.accuracy == pytest.approx(100 * right)
    loss = torch.nn.functional.cross_entropy(logits, parts["test"].labels).item()
    assert found.cross_entropy == pytest.approx(loss, abs=1e-5)


@pytest.mark.parametrize("name", ["linear", pytest.param("champion_cma_es", marks=pytest.mark.slow)])
def test_the_validation_part_is_not_trained_on(name):
    parts, start = digits(), digits_topology() if BASELINES[name].takes_champion else None
    trainer = replace(BASELINES[name].trainer, epochs=1, patience=1)
    unlike = replace(parts["validation"], labels=(parts["validation"].labels + 1) % 10)
    weights = []
    for validation in (parts["validation"], unlike):
        generator = torch.Generator().manual_seed(0)
        model = BASELINES[name].make(Problem(64, 10, start), generator)
        trained_ = trainer.train(model, parts["train"], validation, generator, lambda *_: None)
        assert math.isfinite(trained_.validation.cross_entropy)
        weights.append(torch.nn.utils.parameters_to_vector(model.parameters()).detach())
    assert torch.equal(*weights)
