"""Every problem of `envs.sequences.PROBLEMS`: keyed draws, the contract of episodes, and right answers."""

import numpy as np
import pytest

from envs.sequences import PARTS, PROBLEMS, Episodes, make_problem, problem_class
from wann import UserError

# Options beside the defaults to test a problem with.
OPTIONS = {
    "copy": [{"bits": 4, "shortest": 3}],
    "associative_retrieval": [{"keys": 26, "values": 10, "longest": 4}, {"keys": 6, "longest": 4, "published": True}],
    "delayed_xor": [{"lag": 1, "shortest": 2, "longest": 3}],
}
# Glimpses are of pictures that not every machine has; its own tests make some.
CASES = [(name, options) for name in PROBLEMS if name != "glimpses" for options in ({}, *OPTIONS.get(name, ()))]


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, case[1].values())]))
def problem(request):
    name, options = request.param
    return make_problem(name, **options)


def same(one: Episodes, other: Episodes) -> bool:
    names = ("inputs", "targets", "judged")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_names_are_those_of_the_classes(problem):
    assert problem_class(problem.name) is type(problem)
    assert len(problem.input_names) == problem.num_inputs and len(set(problem.input_names)) == problem.num_inputs
    assert len(problem.output_names) == problem.num_outputs and len(set(problem.output_names)) == problem.num_outputs


def test_episodes_have_the_shapes_of_the_contract(problem):
    for length in (None, *problem.judging_lengths[:2]):
        drawn = problem.draw("train", 3, 7, length)
        steps, count, num_inputs = drawn.inputs.shape
        assert (count, num_inputs) == (7, problem.num_inputs) and drawn.inputs.dtype == np.float32
        assert drawn.judged.shape == (steps, count) and drawn.judged.dtype == bool
        if problem.answers == "numbers":
            assert drawn.targets.shape == (steps, count, problem.num_outputs) and drawn.is_numbers
        elif problem.answers == "bits":
            assert drawn.targets.shape == (steps, count, problem.num_outputs) and drawn.targets.dtype == np.float32
            assert set(np.unique(drawn.targets)) <= {0, 1}
        else:
            assert drawn.targets.shape == (steps, count) and drawn.targets.dtype == np.int64
            assert drawn.targets.min() >= 0 and drawn.targets.max() < problem.num_outputs
        assert drawn.lengths.max() == steps, "no step is padding of all"


def test_draws_are_keyed_by_part_seed_and_length(problem):
    length = next(iter(problem.judging_lengths), None)
    first = problem.draw("train", 5, 6, length)
    assert same(first, problem.draw("train", 5, 6, length))
    others = [problem.draw(part, seed, 6, length) for part in PARTS for seed in (5, 6) if (part, seed) != ("train", 5)]
    assert not any(same(first, other) for other in others)


def test_training_draws_lengths_for_batches(problem):
    if not hasattr(problem, "longest"):
        return
    steps = {problem.draw("train", seed, 2).num_steps for seed in range(40)}
    assert (len(steps) > 1) == (problem.shortest < problem.longest)
    assert problem.judging_lengths[0] == problem.longest and list(problem.judging_lengths) == sorted(
        problem.judging_lengths
    )


def test_what_a_problem_does_not_have_is_refused(problem):
    with pytest.raises(ValueError, match="part"):
        problem.draw("all", 0, 1)
    with pytest.raises(ValueError, match="expected"):
        problem.draw("train", 0, 0)
    with pytest.raises(ValueError, match="expected"):
        problem.draw("train", 0, 1, -1)


# --- right answers, by other means than the problem's ---


def answers_of(drawn: Episodes) -> list[tuple[list[int], list[list[float]], list[list[float]]]]:
    """(judged steps, inputs, targets) of each sequence."""
    found = []
    for b in range(len(drawn)):
        steps = np.flatnonzero(drawn.judged[:, b]).tolist()
        targets = np.atleast_2d(drawn.targets[:, b].T).T[steps].tolist()
        found.append((steps, drawn.inputs[:, b].tolist(), targets))
    return found


def test_parity():
    for steps, inputs, targets in answers_of(make_problem("parity").draw("test", 0, 20)):
        assert steps == list(range(len(inputs)))
        for step, [target] in zip(steps, targets, strict=True):
            assert target == sum(sign < 0 for [sign] in inputs[: step + 1]) % 2


def test_copy():
    for steps, inputs, targets in answers_of(make_problem("copy", bits=3).draw("test", 0, 20, 5)):
        assert steps == [9, 10, 11] and len(inputs) == 12
        assert [[float(sign > 0)] for sign, _ in inputs[:3]] == targets
        assert [go for _, go in inputs] == [0.0] * 8 + [1.0] + [0.0] * 3
        assert all(sign == 0 for sign, _ in inputs[3:])
    patterns = make_problem("copy", bits=2).draw("train", 0, 10).targets[-2:, :, 0].T
    counts = np.unique(patterns, axis=0, return_counts=True)[1]
    assert sorted(counts.tolist()) == [2, 2, 3, 3]


def test_copy_of_vectors():
    for steps, inputs, targets in answers_of(make_problem("copy_vectors", width=3).draw("test", 0, 20, 4)):
        assert steps == [5, 6, 7, 8] and targets == [row[:3] for row in inputs[:4]]
        assert [row[3] for row in inputs] == [0.0] * 4 + [1.0] + [0.0] * 4
        assert not np.any(inputs[5:])


def told(problem, inputs):
    """The names of the inputs that are 1, step by step."""
    return ["".join(name for name, value in zip(problem.input_names, row, strict=True) if value) for row in inputs]


def test_associative_retrieval():
    problem = make_problem("associative_retrieval", keys=26, values=10, longest=8)
    for steps, inputs, [[target]] in answers_of(problem.draw("test", 0, 20, 8)):
        *pairs, question, blank = told(problem, inputs)
        memory = dict(pairs)
        assert len(memory) == 8 and question.endswith("ask") and blank == "" and steps == [9]
        assert memory[question.removesuffix("ask")] == problem.output_names[target]


def test_associative_retrieval_as_published():
    problem = make_problem("associative_retrieval", keys=26, values=10, longest=4, published=True)
    for steps, inputs, [[target]] in answers_of(problem.draw("test", 0, 20, 4)):
        characters = "".join(told(problem, inputs)).replace("ask", "?")
        pairs, _, question = characters.partition("??")
        assert len(characters) == 11 and steps == [11], "as in c9k8j3f1??c, and a blank step"
        assert dict(zip(pairs[::2], pairs[1::2], strict=True))[question] == problem.output_names[target]


def test_counting():
    problem, found = make_problem("counting"), set()
    for steps, inputs, targets in answers_of(problem.draw("test", 0, 40, 8)):
        text = "".join(told(problem, inputs))
        n = text.count("a")
        assert text == "a" * n + "b" * n and steps == list(range(n, 2 * n))
        assert targets == [[0]] * (n - 1) + [[1]]
        found.add(n)
    assert len(found) > 4 and max(found) == 8


def test_delayed_xor():
    for steps, inputs, targets in answers_of(make_problem("delayed_xor", lag=3).draw("test", 0, 20)):
        assert steps == list(range(3, len(inputs)))
        for step, [target] in zip(steps, targets, strict=True):
            assert target == (inputs[step] != inputs[step - 3])


def test_temporal_order():
    problem, found = make_problem("temporal_order"), set()
    for steps, inputs, [[target]] in answers_of(problem.draw("test", 0, 60, 20)):
        assert steps == [21] and inputs[20] == [0, 0, 0, 1] and inputs[21] == [0, 0, 0, 0]
        marks = "".join("x" * int(x) + "y" * int(y) for x, y, _, _ in inputs)
        assert all((x + y == 0) == (abs(noise) == 1) for x, y, noise, _ in inputs[:20])
        assert marks == problem.output_names[target]
        found.add(marks)
    assert len(found) == 4


def test_digits():
    pytest.importorskip("sklearn")
    rows, pixels = make_problem("digits_rows").draw("test", 0, 300), make_problem("digits_pixels").draw("test", 0, 300)
    assert rows.inputs.shape == (10, 300, 9) and pixels.inputs.shape == (66, 300, 2)
    np.testing.assert_array_equal(
        rows.inputs[:8, :, :8].transpose(1, 0, 2).reshape(300, 64), pixels.inputs[:64, :, 0].T
    )
    np.testing.assert_array_equal(rows.targets[-1], pixels.targets[-1])
    assert (rows.inputs[8, :, 8] == 1).all() and not rows.inputs[9].any()
    with pytest.raises(UserError, match=r"^task\.batch: expected at most the 300 pictures of the test part, found 301"):
        make_problem("digits_rows").draw("test", 0, 301)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("parity", {"shortest": 0}, r"^task\.shortest: expected at least 1, found 0"),
        ("parity", {"shortest": 9, "longest": 8}, r"^task\.longest: expected at least the shortest length, 9, found 8"),
        ("parity", {"longest": 10**9}, r"^task\.longest: expected at most 100,000, found 1,000,000,000"),
        ("copy", {"bits": 0}, r"^task\.bits: expected at least 1, found 0"),
        ("copy", {"shortest": -1}, r"^task\.shortest: expected at least 0, found -1"),
        ("copy_vectors", {"width": 0}, r"^task\.width: expected at least 1, found 0"),
        ("associative_retrieval", {"keys": 1}, r"^task\.keys: expected at least 2, found 1"),
        ("associative_retrieval", {"longest": 5}, r"^task\.longest: expected at most as many pairs as the 4 keys"),
        ("delayed_xor", {"lag": 0}, r"^task\.lag: expected at least 1, found 0"),
        ("delayed_xor", {"lag": 8}, r"^task\.lag: expected less than the shortest length, 8, found 8"),
        ("temporal_order", {"shortest": 1}, r"^task\.shortest: expected at least 2, found 1"),
    ],
)
def test_options_that_do_not_fit_are_named_in_one_sentence(name, options, message):
    with pytest.raises(UserError, match=message) as caught:
        make_problem(name, **options)
    assert "\n" not in str(caught.value)


def test_an_unknown_problem_is_named():
    with pytest.raises(UserError, match=r"expected a sequence problem, found 'parrity' \(did you mean 'parity'\?\)"):
        make_problem("parrity")


def test_sequences_are_joined_and_taken():
    problem = make_problem("parity")
    parts = [problem.draw("train", 0, 3, 4), problem.draw("train", 1, 2, 9)]
    whole = Episodes.joined(parts)
    assert whole.inputs.shape == (9, 5, 1) and whole.lengths.tolist() == [4, 4, 4, 9, 9]
    assert not whole.judged[4:, :3].any() and whole.num_answers.tolist() == [4, 4, 4, 9, 9]
    assert same(whole.take(np.array([3, 4])), parts[1])


def test_episodes_that_do_not_fit_are_refused():
    inputs, targets = np.zeros((3, 2, 1), np.float32), np.zeros((3, 2), np.int64)
    with pytest.raises(ValueError, match=r"of \[3, 2\]"):
        Episodes(inputs, targets[:2], np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="judged step in every sequence"):
        Episodes(inputs, targets, np.array([[True, False]] * 3))
