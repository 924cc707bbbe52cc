"""Children chosen by what they do: the choice itself, and that a search with it stays the same on every way."""

import numpy as np
import pytest

from configs import load_config
from configs.schema import SafeMutationConfig, SearchConfig
from envs.cartpole.task import CartPoleSwingUp
from envs.playing import Behaviour, Episode
from evolution.breeding import Breeder
from evolution.mutation.apply import draw_operators, mutate, palette_of
from evolution.mutation.safe import SafeMutation
from evolution.protocol import Setting
from experiment.terminal.command_line import DONE
from genomes import grown_genomes
from run_search import main
from searching import result, write_config
from wann.activations import ELEMENTWISE
from wann.network import Network, compile_genome, compile_population
from wann.oracle import forward
from wann.population import Population

SAFE = {"candidates": 8, "states": 40, "refresh": 3}
WEIGHTS = np.array([0.5, 1.5])


@pytest.fixture(scope="module")
def behaviour() -> Behaviour:
    return Behaviour(CartPoleSwingUp(max_steps=60))


@pytest.fixture
def family() -> tuple[Population, Population]:
    """Six parents and eight mutants of each."""
    parents = Population.of(grown_genomes(6, seed=3, num_inputs=5, num_outputs=1))
    rows = np.repeat(np.arange(6), 8)
    drawn = draw_operators(np.random.default_rng(0), len(rows), SearchConfig().mutation.model_dump(), 0.0)
    return parents, mutate(parents.take(rows), *drawn, palette_of(list(ELEMENTWISE)))


def divergence(parent: Network, mutant: Network, inputs: np.ndarray, weights: np.ndarray) -> float:
    """Of the oracle's outputs: the task takes them as they are."""
    old, new = (
        np.array([forward(n, [w], x[None])[0, 0] for w, x in zip(weights, inputs, strict=True)])
        for n in (parent, mutant)
    )
    return float(np.abs(new - old).mean())


def test_the_first_that_fits_is_chosen(behaviour, family):
    parents, mutants = family
    config = SafeMutationConfig(**SAFE, least=1e-3, most=0.3)
    safe = SafeMutation(config, behaviour)
    safe.observe(compile_population(parents), WEIGHTS, 0, 0)
    chosen = safe.choose(compile_population(parents), compile_population(mutants))
    arrays = safe.state()
    inputs, weights = arrays["safe.inputs"].T.astype(float), arrays["safe.weights"].astype(float)
    kinds = set()
    for index in range(6):
        parent = compile_genome(parents[index])
        found = [divergence(parent, compile_genome(mutants[index * 8 + c]), inputs, weights) for c in range(8)]
        fitting = [c for c in range(8) if 1e-3 < found[c] <= 0.3]
        above = [c for c in range(8) if found[c] > 1e-3]
        expected = fitting[0] if fitting else min(above, key=found.__getitem__, default=0)
        assert chosen[index] == index * 8 + expected
        kinds.add((bool(fitting), expected > 0))
    assert (True, True) in kinds, "no child for which a mutant had to be passed over"


def test_a_mutant_too_far_off_is_better_than_none(behaviour, family):
    parents, mutants = family
    safe = SafeMutation(SafeMutationConfig(**SAFE, least=1e-9, most=1e-8), behaviour)
    safe.observe(compile_population(parents), WEIGHTS, 0, 0)
    rows = safe.choose(compile_population(parents), compile_population(mutants))
    old, new = compile_population(parents).hashes, compile_population(mutants).hashes.reshape(6, 8)
    differs = (new != old[:, None]).any(axis=1)
    assert differs.any()
    assert (compile_population(mutants).hashes[rows] != old)[differs].mean() > 0.5


def test_states_are_from_all_leaders_and_all_weights(behaviour, family):
    leaders = compile_population(family[0])
    safe = SafeMutation(SafeMutationConfig(candidates=2, states=30), behaviour)
    safe.observe(leaders, WEIGHTS, seed=1, generation=4)
    arrays = safe.state()
    assert arrays["safe.inputs"].shape == (5, 30)
    assert np.unique(arrays["safe.weights"], return_counts=True)[1].tolist() == [15, 15]
    # Every episode gives its first state, and no two begin alike.
    assert len(np.unique(arrays["safe.inputs"][:, ::5], axis=1).T) == 6
    again = SafeMutation(safe.config, behaviour)
    again.observe(leaders, WEIGHTS, seed=1, generation=4)
    assert np.array_equal(again.state()["safe.inputs"], arrays["safe.inputs"])


def test_states_are_taken_anew_now_and_then(behaviour):
    safe = SafeMutation(SafeMutationConfig(**SAFE), behaviour)
    assert safe.is_due(1), "there are none yet"
    safe.observe(compile_population(Population.of(grown_genomes(1, num_inputs=5, num_outputs=1))), WEIGHTS, 0, 1)
    assert [g for g in range(2, 10) if safe.is_due(g)] == [3, 6, 9]


def test_what_is_observed_is_the_oracles_episode(behaviour):
    task, network = CartPoleSwingUp(max_steps=60), compile_genome(grown_genomes(1, num_inputs=5, num_outputs=1)[0])
    with Episode(task, network, [1.5], 7) as episode:
        while not episode.over:
            episode.step()
    oracle = task.evaluate_oracle(network, [1.5], [7])
    assert episode.value == pytest.approx(oracle.values.item(), rel=1e-9)
    assert behaviour.observe(network, 1.5, 7).shape == (oracle.steps.item(), 5)


def test_children_are_safer_than_without(behaviour):
    """More children do something else than their parent, and yet nearly the same."""
    initial = grown_genomes(8, seed=5, num_inputs=5, num_outputs=1)
    task = CartPoleSwingUp(max_steps=60)
    share = {}
    for name, safe in {"safe": SafeMutationConfig(**SAFE, most=0.1, share=1.0), "plain": None}.items():
        config = SearchConfig(population=200, safe_mutation=safe)
        evaluation = load_config("configs/cartpole_swingup_age_fitness.yaml").evaluation
        population = Breeder(Setting(config, evaluation, 0, 5, 1, initial, behaviour)).first_population()
        values = task.evaluate(compile_population(population), np.array([1.0]), [5]).values.ravel()
        change = np.abs(values[8:] - np.tile(values[:8], 24))
        share[name] = np.mean((change > 1e-6) & (change < 1))
    assert share["safe"] > 1.3 * share["plain"]


def test_a_stop_and_a_resume_change_nothing(tmp_path, capsys):
    config = write_config(
        tmp_path / "c.yaml", search={"population": 24, "tournament_size": 4, "safe_mutation": SAFE}, generations=8
    )
    short = write_config(
        tmp_path / "s.yaml", search={"population": 24, "tournament_size": 4, "safe_mutation": SAFE}, generations=5
    )
    assert main([str(config), "--run-dir", str(tmp_path / "whole")]) == DONE
    assert main([str(short), "--run-dir", str(tmp_path / "run")]) == DONE
    written = (tmp_path / "run" / "config.yaml").read_text().replace("generations: 5", "generations: 8")
    (tmp_path / "run" / "config.yaml").write_text(written)
    assert main(["--resume", str(tmp_path / "run")]) == DONE
    assert result(tmp_path / "run") == result(tmp_path / "whole")


def test_a_task_that_cannot_be_watched(tmp_path, capsys, monkeypatch):
    from envs import registry
    from faulty_tasks import ArithmeticTask

    monkeypatch.setitem(registry.TASKS, "arithmetic", ArithmeticTask)
    config = write_config(tmp_path / "c.yaml", task={"name": "arithmetic"}, search={"safe_mutation": SAFE})
    assert main([str(config), "--run-dir", str(tmp_path / "run")]) == 2
    assert "search.safe_mutation: expected a task with an environment" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_limits_in_order():
    with pytest.raises(ValueError, match="least below most"):
        SafeMutationConfig(least=0.1, most=0.01)
