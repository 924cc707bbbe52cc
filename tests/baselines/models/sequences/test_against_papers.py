"""HyperLSTM, fast weights and NTM against literal NumPy versions of their papers' equations; ACT's distribution.

And the programs of a Neural Programmer, one by one.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from baselines.models.sequences.act import PonderCell, PonderFrame  # noqa: E402
from baselines.models.sequences.fast_weights import FastWeightsCell, FastWeightsFrame  # noqa: E402 - torch may be missing
from baselines.models.sequences.hyper_lstm import HyperFrame, HyperLSTMCell  # noqa: E402
from baselines.models.sequences.layer_norm_lstm import Normalised, NormedSumsLSTMCell  # noqa: E402
from baselines.models.sequences.neural_programmer import NeuralProgrammer, Programmer, program_loss  # noqa: E402
from baselines.models.sequences.ntm import NTM, TuringMachine  # noqa: E402
from baselines.models.sequences.sequence_model import SequenceShape  # noqa: E402
from baselines.sequence_options import shape_of  # noqa: E402
from envs.sequences.problems.arithmetic import VALUE, Arithmetic  # noqa: E402

STEPS, BATCH, INPUTS = 7, 3, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def norm(x, epsilon=1e-5):
    return (x - x.mean()) / np.sqrt(x.var() + epsilon)


def shaken(module, seed=0):
    """The module in float64 with every parameter moved, so that none is at a value that hides a mistake."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += torch.randn(parameter.shape, generator=generator) * 0.3
    return module.double(), {name: value.detach().numpy() for name, value in module.double().named_parameters()}


def random_inputs(seed=1):
    return np.random.Generator(np.random.Philox(seed)).normal(size=(STEPS, BATCH, INPUTS))


def found(module, inputs):
    with torch.inference_mode():
        return module(torch.from_numpy(inputs)).numpy()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("form", ["matrix", "attention"])
def test_fast_weights(form, late):
    frame = FastWeightsFrame(hidden=6, form=form, late=late, inner_steps=2)
    cell, p = shaken(FastWeightsCell(INPUTS, frame, torch.Generator().manual_seed(2)))
    inputs = random_inputs()
    states = found(cell, inputs)
    for b in range(BATCH):
        h, fast = np.zeros(6), np.zeros((6, 6))
        for t in range(STEPS):
            updated = 0.9 * fast + 0.5 * np.outer(h, h)
            read = fast if late else updated
            slow = p["recurrent"] @ h + p["inputs"] @ inputs[t, b] + p["bias"]
            inner = np.maximum(norm(slow) * p["first_gain"] + p["first_shift"], 0)
            for _ in range(2):
                inner = np.maximum(norm(slow + read @ inner) * p["inner_gain"] + p["inner_shift"], 0)
            h, fast = inner, updated
            assert np.allclose(states[t, b], h, atol=1e-9)


def test_both_forms_of_fast_weights_are_one():
    cells = []
    for form in ("matrix", "attention"):
        frame = FastWeightsFrame(hidden=20, form=form, inner_steps=3)
        cells.append(FastWeightsCell(INPUTS, frame, torch.Generator().manual_seed(2)))
    inputs = torch.from_numpy(random_inputs().astype(np.float32))
    one, other = (cell(inputs) for cell in cells)
    assert torch.allclose(one, other, atol=1e-5)
    for states in (one, other):
        states.square().sum().backward()
    for (_, a), (_, b) in zip(cells[0].named_parameters(), cells[1].named_parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-3, rtol=1e-3)


def test_hyper_lstm():
    frame = HyperFrame(hidden=6, small=4, code=3)
    cell, p = shaken(HyperLSTMCell(INPUTS, frame, torch.Generator().manual_seed(2)))
    inputs = random_inputs()
    states = found(cell, inputs)
    for b in range(BATCH):
        h, c, small, small_c = np.zeros(6), np.zeros(6), np.zeros(4), np.zeros(4)
        for t in range(STEPS):
            x = inputs[t, b]
            gates = []
            for y in range(4):
                value = p["small_hidden"][y] @ h + p["small_inputs"][y] @ x + p["small_recurrent"][y] @ small
                gates.append(norm(value, 1e-3) * p["small_gain"][y] + p["small_shift"][y])
            i, g, f, o = gates
            small_c = sigmoid(f + 1) * small_c + sigmoid(i) * np.tanh(g)
            small = sigmoid(o) * np.tanh(norm(small_c, 1e-3) * p["small_cell_gain"] + p["small_cell_shift"])
            gates = []
            for y in range(4):
                z_h, z_x = (
                    p["scale_codes"][3 * k : 3 * k + 3] @ small + p["scale_code_bias"][3 * k : 3 * k + 3]
                    for k in (y, 4 + y)
                )
                z_b = p["bias_codes"][3 * y : 3 * y + 3] @ small
                d_h, d_x = z_h @ p["scales"][y], z_x @ p["scales"][4 + y]
                d_b = z_b @ p["biases"][y] + p["bias"][y]
                value = d_h * (p["recurrent"][y] @ h) + d_x * (p["inputs"][y] @ x) + d_b
                gates.append(norm(value, 1e-3) * p["gain"][y] + p["shift"][y])
            i, g, f, o = gates
            c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(norm(c, 1e-3) * p["cell_gain"] + p["cell_shift"])
            assert np.allclose(states[t, b], h, atol=1e-9)


def test_norms_of_sums_are_those_of_a_hyper_lstm_whose_scales_are_one():
    generator = torch.Generator().manual_seed(2)
    cell, p = shaken(NormedSumsLSTMCell(INPUTS, Normalised(hidden=6), generator))
    hyper = HyperLSTMCell(INPUTS, HyperFrame(hidden=6, small=4, code=3), generator).double()
    order = [1, 3, 0, 2]  # i, g, f, o of f, i, o, g
    with torch.no_grad():
        for name in ("inputs", "recurrent", "gain", "shift"):
            values = getattr(cell, name)
            getattr(hyper, name).copy_((values if values.ndim == 3 else values.view(4, 6, -1).squeeze(-1))[order])
        hyper.cell_gain.copy_(cell.cell_gain)
        hyper.cell_shift.copy_(cell.cell_shift)
        hyper.scale_codes.zero_()
        hyper.scales.fill_(1 / 3)
        inputs = torch.from_numpy(random_inputs())
        assert torch.allclose(cell(inputs), hyper(inputs), atol=1e-9)
    assert sum(value.size for value in p.values()) == 4 * 6 * (INPUTS + 6 + 2) + 2 * 6


def softplus(x):
    return np.log1p(np.exp(x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def literal_address(said, memory, before):
    """Equations 5 to 9 for one head."""
    width = memory.shape[1]
    key, beta, gate = np.tanh(said[:width]), softplus(said[width]), sigmoid(said[width + 1])
    shift, gamma = softmax(said[width + 2 : width + 5]), 1 + softplus(said[width + 5])
    similar = [key @ row / (np.linalg.norm(key) * np.linalg.norm(row)) for row in memory]
    gated = gate * softmax(beta * np.array(similar)) + (1 - gate) * before
    slots = len(gated)
    moved = [sum(gated[j] * shift[(i - j + 1) % slots] for j in range(slots) if (i - j + 1) % slots < 3)
             for i in range(slots)]  # fmt: skip
    sharp = np.array(moved) ** gamma
    return sharp / sharp.sum()


@pytest.mark.parametrize(("controller", "heads"), [("feed_forward", 1), ("lstm", 2)])
def test_ntm(controller, heads):
    settings = TuringMachine(controller, 8, slots=9, training_slots=9, width=4, read_heads=heads, write_heads=heads)
    model = NTM(SequenceShape("copy", INPUTS, 3, "bits"), settings, torch.Generator().manual_seed(2))
    model, p = shaken(model)
    inputs = random_inputs()
    outputs = found(model, inputs)
    for b in range(BATCH):
        memory, read = np.full((9, 4), 1e-6), p["first_read"]
        reading, writing = ([np.eye(9)[0]] * heads for _ in range(2))
        h = c = np.zeros(8)
        for t in range(STEPS):
            seen = np.concatenate([inputs[t, b], read])
            if controller == "lstm":
                gates = p["recurrent.weight_ih"] @ seen + p["recurrent.bias_ih"]
                i, f, g, o = np.split(gates + p["recurrent.weight_hh"] @ h + p["recurrent.bias_hh"], 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            else:
                h = np.tanh(p["controller"] @ seen + p["controller_bias"])
            said = p["heads"] @ h + p["heads_bias"]
            to_read, to_write = said[: 10 * heads].reshape(heads, -1), said[10 * heads :].reshape(heads, -1)
            writing = [literal_address(said[:10], memory, w) for said, w in zip(to_write, writing, strict=True)]
            for own, w in zip(to_write, writing, strict=True):
                memory = memory * (1 - np.outer(w, sigmoid(own[10:14])))  # (3)
            for own, w in zip(to_write, writing, strict=True):
                memory = memory + np.outer(w, np.tanh(own[14:]))  # (4)
            reading = [literal_address(said, memory, w) for said, w in zip(to_read, reading, strict=True)]
            read = np.concatenate([w @ memory for w in reading])  # (2)
            expected = p["output"] @ np.concatenate([h, read]) + p["output_bias"]
            assert np.allclose(outputs[t, b], expected, atol=1e-6)


def test_memory_of_an_ntm_grows_after_training():
    settings = TuringMachine(slots=40, training_slots=10)
    model = NTM(SequenceShape("copy", INPUTS, 3, "bits"), settings, torch.Generator().manual_seed(2))
    inputs = torch.from_numpy(random_inputs().astype(np.float32))
    same = NTM(SequenceShape("copy", INPUTS, 3, "bits"), replace(settings, slots=10), torch.Generator().manual_seed(2))
    assert torch.equal(model.train()(inputs), same.eval()(inputs))
    assert not torch.equal(model.eval()(inputs), same(inputs))


def test_act():
    frame = PonderFrame(hidden=6, most_steps=8)
    cell, p = shaken(PonderCell(INPUTS, frame, torch.Generator().manual_seed(2)))
    with torch.no_grad():
        cell.halting_bias.fill_(-1.5)
    inputs = random_inputs()
    with torch.inference_mode():
        states, steps, remainders = (part.numpy() for part in cell.pondered(torch.from_numpy(inputs)))
    seen = set()
    for b in range(BATCH):
        s = np.zeros(6)
        for t in range(STEPS):
            total, mean, n = 0.0, np.zeros(6), 0
            while True:
                n += 1
                flag = p["flag"][:, 0] if n == 1 else 0
                s = np.tanh(p["recurrent"] @ s + p["inputs"] @ inputs[t, b] + flag + p["bias"])
                h = sigmoid(p["halting"][0] @ s - 1.5)
                if total + h >= 0.99 or n == 8:
                    break
                total, mean = total + h, mean + h * s
            mean = mean + (1 - total) * s
            assert steps[t, b] == n and remainders[t, b] == pytest.approx(1 - total)
            assert np.allclose(states[t, b], mean, atol=1e-9)
            s = mean
            seen.add(n)
    assert len(seen) > 1 and 8 in seen


def literal_choice(p, question, history, chosen, count):
    """Probabilities of the operation and both operands, and the history after them."""
    history = np.tanh(p["history"] @ np.r_[history, chosen] + p["history_bias"])
    thought = np.tanh(p["thought"] @ np.r_[question, history] + p["thought_bias"])
    operation, left, right = np.split(p["choices"] @ thought + p["choices_bias"], [3, 7])
    return (softmax(operation), softmax(left[:count]), softmax(right[:count])), history


def literal_programs(p, question, numbers, history, chosen, steps):
    """Answers and probabilities of all programs of some steps, one after another."""
    (operations, lefts, rights), history = literal_choice(p, question, history, chosen, len(numbers))
    for o, left, right in product(range(3), range(len(numbers)), range(len(numbers))):
        a, b = numbers[left], numbers[right]
        result, probability = (a + b, a - b, a * b)[o], operations[o] * lefts[left] * rights[right]
        if steps == 1:
            yield result, probability
            continue
        now = np.r_[np.eye(3)[o], np.eye(4)[left], np.eye(4)[right]]
        for answer, share in literal_programs(p, question, [*numbers, result], history, now, steps - 1):
            yield answer, probability * share


def test_programs_of_a_neural_programmer():
    problem = Arithmetic()
    model = NeuralProgrammer(shape_of(problem), Programmer(hidden=6), torch.Generator().manual_seed(2))
    model, p = shaken(model)
    episodes = problem.draw("train", 3, BATCH)
    inputs = torch.from_numpy(episodes.inputs).double()
    with torch.inference_mode():
        answers, logs, _ = (tensor.numpy() for tensor in model.all_programs(inputs))
        questions = model.reader(torch.cat([inputs[..., :VALUE], inputs[..., VALUE + 1 :]], 2))[0][-1].numpy()
        loss = program_loss(*(torch.from_numpy(array) for array in (answers, logs, episodes.targets[-1])))
    likelihoods = []
    for b in range(BATCH):
        numbers = [float(value) for value in episodes.inputs[:, b, VALUE] if value]
        expected = np.array(list(literal_programs(p, questions[b], numbers, np.zeros(6), np.zeros(11), 2)))
        assert np.allclose(answers[b], expected[:, 0]) and np.allclose(np.exp(logs[b]), expected[:, 1])
        assert expected.shape == (1296, 2) and expected[:, 1].sum() == pytest.approx(1)
        likelihoods.append((expected[:, 1] * np.exp(-np.abs(expected[:, 0] - episodes.targets[-1, b]))).sum())
    assert loss.item() == pytest.approx(-np.log(likelihoods).mean())


def test_firm_choices_are_the_program_that_a_sure_model_finds_probable():
    problem = Arithmetic()
    model = NeuralProgrammer(shape_of(problem), Programmer(), torch.Generator().manual_seed(2))
    with torch.no_grad():
        model.choices *= 100
    inputs = torch.from_numpy(problem.draw("test", 3, 20).inputs)
    with torch.inference_mode():
        answers, logs, _ = model.all_programs(inputs)
        firm = model.eval()(inputs)[-1, :, 0]
    sure = logs.max(1).values.exp() > 0.6
    assert sure.any() and torch.equal(firm[sure], answers.gather(1, logs.argmax(1, keepdim=True))[sure, 0])
