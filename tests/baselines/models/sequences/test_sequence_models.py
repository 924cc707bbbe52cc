"""Models of sequences: exact parameter counts, draws of one generator, gradients, and causes before effects."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from baselines.models.sequences.sequence_model import SequenceShape, TensorEpisodes  # noqa: E402 - torch may be missing
from baselines.registry import SEQUENCE_BASELINES  # noqa: E402
from baselines.sequence_options import shape_of  # noqa: E402
from baselines.training.sequence_judging import to_tensors  # noqa: E402
from envs.sequences.registry import make_problem  # noqa: E402

COPY = SequenceShape("copy", 10, 8, "bits", go=9)
RETRIEVAL = SequenceShape("associative_retrieval", 37, 10, "classes")
ARITHMETIC = shape_of(make_problem("arithmetic"))
BA = {"embedding": 100, "readout": 100}  # of Ba et al. 2016 in associative retrieval
# Model, its problem, changed settings, and parameters.
SIZES = [
    ("fast_weights", RETRIEVAL, {"hidden": 20, **BA}, 9_310),
    ("fast_weights", RETRIEVAL, {"hidden": 50, **BA}, 17_560),
    ("fast_weights", RETRIEVAL, {"hidden": 100, **BA}, 35_310),
    ("fast_weights", RETRIEVAL, {"hidden": 50, "form": "matrix", **BA}, 17_560),
    ("irnn", RETRIEVAL, {"hidden": 50, **BA}, 17_360),
    ("rnn", RETRIEVAL, {"hidden": 50, **BA}, 17_360),
    ("lstm", RETRIEVAL, {"hidden": 20, **BA}, 16_570),
    ("lstm", RETRIEVAL, {"hidden": 50, **BA}, 40_210),
    ("lstm", COPY, {}, 72_712),
    ("layer_norm_lstm", COPY, {}, 4 * 128 * (10 + 128 + 5) + 2 * 128 + 129 * 8),
    ("layer_norm_lstm", COPY, {"normalised": "sums"}, 4 * 128 * (10 + 128 + 2) + 2 * 128 + 129 * 8),
    ("ntm", COPY, {}, 13_380),
    ("ntm", COPY, {"controller": "lstm"}, 13_380 - 3_100 + 4 * 100 * (30 + 100 + 2)),
    ("act", SequenceShape("vector_parity", 8, 1, "bits"), {}, 17_922),
    ("act", SequenceShape("vector_parity", 8, 1, "bits"), {"steps": 10}, 17_922 - 129),
    # The small LSTM; z and d; the large LSTM; the reader.
    ("hyper_lstm", COPY, {}, 4 * 24 * (10 + 106 + 24 + 2) + 48 + (12 * 24 + 8) * 4 + 12 * 4 * 106 + 424
     + 4 * 106 * (10 + 106 + 2) + 212 + 107 * 8),
    ("attention", COPY, {}, 2 * 3 * 32 * (10 + 32 + 2) + 33 * 64 + 32 * (64 + 1 + 64 + 1)
     + 3 * 64 * (8 + 64 + 64 + 2) + 8 * 129),
    ("neural_programmer", ARITHMETIC, {}, 4 * 64 * (7 + 64 + 2) + 64 * (64 + 11 + 1) + 64 * 129 + 11 * 65),
]  # fmt: skip


def made(name: str, shape: SequenceShape, seed: int = 0, **changed):
    baseline = SEQUENCE_BASELINES[name]
    settings = replace(baseline.settings, **changed)
    return baseline.make(shape, settings, torch.Generator().manual_seed(seed))


def episodes_for(name: str, count: int = 6):
    """Small episodes of a problem that the model fits, and their shape."""
    problem = {"neural_programmer": "arithmetic", "attention": "dates"}.get(name, "reverse")
    options = {"longest": 4} if problem == "reverse" else {}
    drawn = make_problem(problem, **options)
    return to_tensors(drawn.draw("train", 3, count), torch.device("cpu")), shape_of(drawn)


def test_every_model_has_its_size():
    assert {name for name, *_ in SIZES} == set(SEQUENCE_BASELINES)


@pytest.mark.parametrize(("name", "shape", "changed", "parameters"), SIZES)
def test_parameters_are_counted_exactly(name, shape, changed, parameters):
    model = made(name, shape, **changed)
    assert model.num_parameters == sum(p.numel() for p in model.parameters() if p.requires_grad) == parameters


@pytest.mark.parametrize(("name", "numbers"), [("lstm", 256), ("rnn", 128), ("act", 128), ("hyper_lstm", 260)])
def test_memory_is_counted(name, numbers):
    assert made(name, COPY).memory(7) == made(name, COPY).memory(70) == numbers


def test_memory_of_models_that_store_more():
    assert made("fast_weights", RETRIEVAL).memory(9) == 50 * 9 + 50
    assert made("fast_weights", RETRIEVAL, form="matrix").memory(9) == 50 * 50 + 50
    assert made("ntm", COPY).memory(9) == 128 * 22 + 20
    assert made("ntm", COPY, controller="lstm").memory(9) == 128 * 22 + 20 + 200
    assert made("attention", COPY).memory(9) == 9 * 64 + 64 + 8


@pytest.mark.parametrize("name", SEQUENCE_BASELINES)
def test_every_parameter_moves(name):
    episodes, shape = episodes_for(name, 40)
    model = made(name, shape).train()
    # Some gradients are exactly 0 at the start: behind weights that begin at 0, or a memory that begins blank.
    optimizer, moved = torch.optim.Adam(model.parameters(), 1e-2), set()
    for _ in range(3):
        optimizer.zero_grad()
        model.loss(episodes, 0.5).backward()
        moved |= {key for key, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        optimizer.step()
    assert moved == {key for key, _ in model.named_parameters()}


def test_first_weights_come_from_the_seed_alone():
    state = torch.random.get_rng_state()
    for name in SEQUENCE_BASELINES:
        shape = episodes_for(name, 1)[1]
        same, again, other = (list(made(name, shape, seed).parameters()) for seed in (3, 3, 4))
        assert all(torch.equal(a, b) for a, b in zip(same, again, strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(same, other, strict=True))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("name", SEQUENCE_BASELINES)
def test_an_episode_is_judged_by_itself(name):
    """Outputs do not depend on the other episodes of a batch, nor on padding."""
    episodes, shape = episodes_for(name)
    model = made(name, shape).eval()
    with torch.inference_mode():
        together = model(episodes.inputs)
        one = torch.cat([model(episodes.inputs[:, b : b + 1]) for b in range(episodes.inputs.shape[1])], 1)
        padded = model(torch.cat([episodes.inputs, torch.zeros_like(episodes.inputs)]))
    judged = episodes.judged
    assert torch.allclose(together[judged], one[judged], atol=1e-5)
    assert torch.allclose(together[judged], padded[: len(together)][judged], atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(SEQUENCE_BASELINES) - {"neural_programmer", "attention"}))
def test_outputs_come_from_the_past(name):
    episodes, shape = episodes_for(name)
    changed = episodes.inputs.clone()
    changed[3:] = torch.rand(changed[3:].shape, generator=torch.Generator().manual_seed(1))
    model = made(name, shape).eval()
    with torch.inference_mode():
        before, after = model(episodes.inputs), model(changed)
    assert torch.allclose(before[:3], after[:3], atol=1e-6) and not torch.allclose(before[3], after[3], atol=1e-6)


def test_losses_are_of_judged_steps_alone():
    episodes, shape = episodes_for("lstm")
    model = made("lstm", shape)
    elsewhere = torch.where(episodes.judged, episodes.targets, (episodes.targets + 1) % shape.num_outputs)
    same = TensorEpisodes(episodes.inputs, elsewhere, episodes.judged)
    unlike = TensorEpisodes(episodes.inputs, (episodes.targets + 1) % shape.num_outputs, episodes.judged)
    assert model.loss(episodes) == model.loss(same) != model.loss(unlike)
