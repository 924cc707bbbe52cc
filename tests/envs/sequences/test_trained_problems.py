"""Problems that only trained models are asked: their answers by other means, and refusals."""

import datetime
import re

import numpy as np
import pytest

from envs.registry import task_class
from envs.sequences import PARTS, PROBLEMS, make_problem, problem_class
from envs.sequences.package_texts import ALPHABET, codes_of
from wann.errors import UserError

TRAINED = ["arithmetic", "characters", "dates", "glimpses", "reverse", "vector_parity"]
FORMATS = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d %Y", "%A, %d %B %Y", "%a %B %d %Y", "%d.%m.%Y", "%Y/%m/%d")
SIGNS = {"plus": "+", "minus": "-", "times": "*", "open": "(", "close": ")"}


def shown(problem, episodes, column):
    """Names of the input that is 1, step by step; empty in blank steps."""
    rows = episodes.inputs[:, column]
    return [next((name for name, one in zip(problem.input_names, row, strict=True) if one == 1), "") for row in rows]


def test_all_that_are_trained_only_are_tested():
    assert [name for name in sorted(PROBLEMS) if problem_class(name).trained_only] == TRAINED


@pytest.mark.parametrize("name", TRAINED)
def test_weight_agnostic_networks_are_not_asked(name):
    with pytest.raises(UserError, match=f"{name}.*only trained models can be asked"):
        task_class(name)


@pytest.mark.parametrize("largest", [10, 1000])
def test_arithmetic(largest):
    problem = make_problem("arithmetic", largest=largest)
    drawn = problem.draw("test", 1, 200)
    assert drawn.is_numbers and drawn.inputs[..., 7].max() <= largest
    seen = set()
    for column in range(200):
        text = "".join(
            str(int(row[7])) if row[0] else SIGNS.get(name, "")
            for row, name in zip(drawn.inputs[:, column], shown(problem, drawn, column), strict=True)
        )
        assert eval(text) == drawn.targets[-1, column, 0]
        seen.add(re.sub(r"\d+", "n", text))
    assert len(seen) == 2 * 3 * 3
    assert np.array_equal(drawn.judged.sum(0), np.ones(200)) and drawn.judged[-1].all()


def test_arithmetic_is_judged_on_large_numbers_too():
    [(label, other)] = make_problem("arithmetic", largest=7).judged_too.items()
    assert label == "numbers x 100" and other.largest == 700


def test_dates():
    problem = make_problem("dates")
    drawn = problem.draw("test", 0, 300)
    found = set()
    for column in range(300):
        names = shown(problem, drawn, column)
        text = "".join(name.removeprefix("letter ") for name in names[: names.index("go")])
        steps = np.flatnonzero(drawn.judged[:, column])
        assert steps.tolist() == list(range(names.index("go") + 1, names.index("go") + 11))
        answer = "".join("0123456789-"[target] for target in drawn.targets[steps, column])
        for form in FORMATS:
            try:
                parsed = datetime.datetime.strptime(text, form)
            except ValueError:
                continue
            assert parsed.date().isoformat() == answer
            found.add(form)
            if "%a" in form.lower():
                assert parsed.strftime(form).lower().split()[0] == text.split()[0]
            break
        else:
            raise AssertionError(text)
    assert found == set(FORMATS) and 1950 <= parsed.year < 2050


def test_reverse():
    problem = make_problem("reverse", symbols=4)
    drawn = problem.draw("train", 0, 50, 6)
    for column in range(50):
        names = shown(problem, drawn, column)
        answer = [problem.output_names[target] for target in drawn.targets[7:, column]]
        assert names == [*answer[::-1], "go", *[""] * 6]
    assert drawn.judged[7:].all() and not drawn.judged[:7].any()


def test_characters_are_pieces_of_their_part():
    problem = make_problem("characters")
    codes, digest = codes_of("pydoc")
    text = "".join(ALPHABET[code] for code in codes if code < len(ALPHABET) - 1)
    assert len(codes) > 300_000 and (codes == len(ALPHABET) - 1).mean() < 0.01
    assert problem.fingerprint == {"pydoc": digest}
    ends = {"train": 0.9, "validation": 0.95, "test": 1.0}
    for begin, part in zip((0.0, 0.9, 0.95), ends, strict=True):
        within = codes[int(begin * len(codes)) : int(ends[part] * len(codes))].tobytes()
        drawn = problem.draw(part, 2, 20, 30)
        pieces = np.concatenate([drawn.inputs.argmax(2), drawn.targets[-1:]]).astype(np.uint8)
        assert all(pieces[:, column].tobytes() in within for column in range(20))
        assert np.array_equal(pieces[1:], drawn.targets) and drawn.judged.all()
    assert "import" in text and drawn.inputs.sum() == 20 * 30


def test_vector_parity():
    drawn = make_problem("vector_parity", size=5).draw("train", 0, 500)
    assert drawn.inputs.shape == (1, 500, 5) and drawn.is_bits
    for signs, target in zip(drawn.inputs[0], drawn.targets[0, :, 0], strict=True):
        assert set(signs[: np.abs(signs).sum().astype(int)]) <= {1, -1}
        assert list(signs).count(1) % 2 == target
    assert set(np.abs(drawn.inputs[0]).sum(1)) == {1, 2, 3, 4, 5}


@pytest.fixture
def pictures(monkeypatch):
    """Random pictures [784, 40] and classes of each part, instead of MNIST's."""
    rng = np.random.Generator(np.random.Philox(0))
    parts = {part: (rng.random((784, 40), np.float32), rng.integers(10, size=40)) for part in PARTS}
    monkeypatch.setattr("envs.sequences.problems.glimpses.load_inputs", lambda dataset, inputs, part: parts[part])
    return parts


@pytest.mark.parametrize("part", PARTS)
def test_glimpses(pictures, part):
    problem = make_problem("glimpses")
    drawn = problem.draw(part, 3, 5)
    pixels, labels = pictures[part]
    assert drawn.inputs.shape == (24, 5, 52)
    for glimpses, label in zip(drawn.inputs.transpose(1, 0, 2).astype(np.float64), drawn.targets[-1], strict=True):
        again, coarse_again = np.zeros((28, 28)), np.zeros((14, 14))
        for glimpse in glimpses:
            size = 14 if glimpse[51] else 7
            top, left = (round((place + 1) * 14 - size / 2) for place in glimpse[49:51])
            seen = glimpse[:49].reshape(7, 7)
            if glimpse[51]:
                coarse_again[top // 2 : top // 2 + 7, left // 2 : left // 2 + 7] = seen
            else:
                again[top : top + 7, left : left + 7] = seen
        [number] = np.flatnonzero((again.reshape(-1) == pixels.T).all(axis=1))
        assert labels[number] == label
        assert np.allclose(coarse_again, again.reshape(14, 2, 14, 2).mean(axis=(1, 3)), atol=1e-6)
    assert drawn.judged.sum() == 5 and drawn.judged[-1].all()


def test_glimpses_of_test_pictures_are_taken_in_order(pictures):
    problem = make_problem("glimpses")
    taken = np.concatenate([problem.draw("test", number, 10).targets[-1] for number in range(4)])
    assert np.array_equal(taken, pictures["test"][1])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("arithmetic", {"largest": 0}, r"^task\.largest: expected 1 to 100000, found 0"),
        ("vector_parity", {"size": 0}, r"^task\.size: expected 1 to 4096, found 0"),
        ("reverse", {"symbols": 1}, r"^task\.symbols: expected 2 to 1000, found 1"),
        ("characters", {"steps": 10**6}, r"^task\.steps: expected at least 1 and much less than the text"),
        ("glimpses", {"dataset": "digits"}, r"^task\.dataset: expected one of 28x28 pixels, found 'digits' of 8x8"),
        (
            "glimpses",
            {"dataset": "mnits"},
            r"^task\.dataset: expected a dataset by name, .* \(did you mean 'mnist'\?\)",
        ),
    ],
)
def test_options_that_do_not_fit_are_named_in_one_sentence(name, options, message):
    with pytest.raises(UserError, match=message):
        make_problem(name, **options)
