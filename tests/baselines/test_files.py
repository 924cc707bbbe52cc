"""The files of a trained baseline: the same bytes for a seed, read back to the same scores, and mistakes in them."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file, save_file  # noqa: E402 - torch may be missing

from baselines.model_file import load_model, save  # noqa: E402
from baselines.registry import BASELINES  # noqa: E402
from baselines.train import train  # noqa: E402
from baselines.training.examples import load_examples  # noqa: E402
from baselines.training.scoring import score  # noqa: E402
from baselines.training_options import TrainingOptions, make_ready  # noqa: E402
from configs import from_mapping  # noqa: E402
from datafiles import published  # noqa: E402
from envs.registry import task_of_champion  # noqa: E402
from evolution import make_search  # noqa: E402
from experiment.champions import initial_genomes  # noqa: E402
from trained import digits_champion  # noqa: E402
from wann.champion import load_champion  # noqa: E402
from wann.errors import UserError  # noqa: E402
from wann.network import compile_genome  # noqa: E402

# The same model by another training.
VARIANTS = ("gates_any_weight", "gumbel_gates")
SLOWEST = "champion_cma_es"
ON_DIGITS = [
    pytest.param(name, marks=[pytest.mark.slow] if name == SLOWEST else [])
    for name in sorted(BASELINES)
    if BASELINES[name].side is None and name not in VARIANTS
]


def made(tmp_path, out: str, name: str, **options):
    champion = str(digits_champion(tmp_path)) if BASELINES[name].takes_champion else None
    given = {"dataset": "digits", "epochs": 2, "champion": champion, **options}
    ready = make_ready(TrainingOptions(name, str(tmp_path / out), **given))
    result = train(ready, lambda *_: None)
    save(ready.out, result)
    return result


@pytest.mark.parametrize("name", ON_DIGITS)
def test_a_seed_gives_the_same_bytes_and_the_file_the_same_scores(tmp_path, name):
    result = made(tmp_path, "one", name, seed=3)
    made(tmp_path, "again", name, seed=3)
    made(tmp_path, "other", name, seed=4)
    one, again, other = ((tmp_path / out / "model.safetensors").read_bytes() for out in ("one", "again", "other"))
    assert one == again != other
    model, provenance = load_model(tmp_path / "one" / "model.safetensors")
    assert provenance == result.provenance
    champions = [tmp_path / out / "champion.json" for out in ("one", "again")]
    assert [path.exists() for path in champions] == [model.genome() is not None] * 2
    assert len({path.read_bytes() for path in champions if path.exists()}) < 2
    assert score(model, load_examples("digits", "8x8", "test")) == result.test
    assert score(model, load_examples("digits", "8x8", "validation")) == result.trained.validation


@pytest.mark.parametrize("name", ON_DIGITS)
def test_results_say_how_good_it_is_and_what_it_costs(tmp_path, name):
    result = made(tmp_path, "out", name)
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["test"] == {"accuracy": result.test.accuracy, "cross_entropy": result.test.cross_entropy}
    assert found["validation"]["accuracy"] == result.trained.validation.accuracy
    assert found["parameters"] == result.model.num_parameters
    assert found.get("connections") == result.model.num_connections
    assert found["seconds"] >= 0 and found["seed"] == 0 and found["config"]["epochs"] == 2
    assert found["device"] in ("cpu", "cuda") and found["inputs"] == "8x8"
    assert f"--baseline {name} --dataset digits --inputs 8x8 --seed 0 --epochs 2" in found["command"]
    assert found["trained_by"] == ("evolution" if name == "champion_cma_es" else "gradients")
    assert ("champion" in found) == BASELINES[name].takes_champion


def test_a_trained_topology_is_a_champion(tmp_path):
    """Its file names the accuracy that training reported, and a search can start from it."""
    result = made(tmp_path, "out", "equal_path_gates", epochs=4, settings=("training.connections=2500",))
    champion = load_champion(tmp_path / "out" / "champion.json")
    assert champion.genome == result.model.genome() and champion.weights == (1.0,)
    for found in (champion.returns["per_weight"][0], champion.returns["random_shared_weight"]):
        assert found["mean"] == found["min"] == pytest.approx(result.test.accuracy)
    assert champion.config["baseline"]["config"]["connections"] == 2500
    task = task_of_champion(champion)
    assert task.evaluate_oracle(compile_genome(champion.genome), [1.0], [0]).values.item() == result.test.accuracy
    config = from_mapping(
        {
            "task": {"name": "classification", "dataset": "digits", "batch": 200, "score": "tempered_cross_entropy"},
            "initial": [str(tmp_path / "out" / "champion.json")],
            "search": {"strategy": "gradient_informed", "gradient_informed": {"equal_paths": True, "children": 2}},
            "evaluation": {"weights": [1], "rollouts": 1},
        }
    )
    (start,) = initial_genomes(config, task)
    search = make_search(config, task.num_inputs, task.num_outputs, [start])
    assert search.candidates()[0] == start


def test_generators_are_counted_apart(tmp_path, monkeypatch):
    published("mnist")
    monkeypatch.setattr(
        "baselines.train.load_examples", lambda *where: load_examples(*where[:3]).first(300), raising=True
    )
    result = made(tmp_path, "out", "hypernetwork", dataset="mnist", epochs=1, device="cpu")
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (found["parameters"], found["generator_parameters"]) == (12_910, 4_244) and "connections" not in found
    model, _ = load_model(tmp_path / "out" / "model.safetensors")
    assert score(model, load_examples("mnist", "28x28", "test").first(300)) == result.test


def test_the_test_part_is_read_once_after_training(tmp_path, monkeypatch):
    events = []

    def watched(dataset, inputs, split, device):
        events.append(split)
        return load_examples(dataset, inputs, split, device)

    monkeypatch.setattr("baselines.train.load_examples", watched)
    order = make_ready(TrainingOptions("linear", str(tmp_path / "out"), "digits", epochs=2))
    train(order, lambda *_: events.append("batch"))
    assert events.count("test") == 1 and events[-1] == "test" and "batch" in events


def test_mistakes_in_files_are_one_sentence(tmp_path):
    with pytest.raises(UserError, match="expected a model file, found none"):
        load_model(tmp_path / "absent")
    broken = tmp_path / "broken"
    broken.write_bytes(b"no tensors")
    with pytest.raises(UserError, match="expected a model in safetensors"):
        load_model(broken)
    save_file({"a": np.zeros(3)}, tmp_path / "other")
    with pytest.raises(UserError, match="expected a baseline with its provenance"):
        load_model(tmp_path / "other")
    made(tmp_path, "out", "linear")
    path = tmp_path / "out" / "model.safetensors"
    _, provenance = load_model(path)
    tensors = load_file(path)
    save_file(tensors, path, {"provenance": json.dumps(provenance | {"baseline": "mlp"})})
    with pytest.raises(UserError, match="expected the tensors of a mlp"):
        load_model(path)
    save_file(tensors, path, {"provenance": json.dumps(provenance | {"baseline": "linaer"})})
    with pytest.raises(UserError, match="did you mean 'linear'"):
        load_model(path)
