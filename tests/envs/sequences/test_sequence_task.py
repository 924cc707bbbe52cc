"""The task over sequence problems: kernels against scorer and oracle, parts and lengths, and the judgement."""

from dataclasses import replace

import numpy as np
import pytest

from envs.registry import TASKS, make_task
from envs.sequences import PROBLEMS, Episodes, SequenceTask, problem_class, scores
from envs.sequences.tallies import tallies
from envs.sequences.tiling import TILE, tiles_of
from envs.task import groups_of, options_of, untouched_of, weight_table
from envs.testing.networks import delayed, random_genome, with_memory
from wann import ACTIVATIONS, UserError, compile_population, make_genome
from wann.network import Networks, compile_genome
from wann.oracle import forward_episode
from wann.population import Population

SEQUENCE_TASKS = [name for name, kind in TASKS.items() if issubclass(kind, SequenceTask)]
WEIGHTS = np.array([-1.4, 0.3, 1.1])


def memory_networks(num_inputs, num_outputs, count=6, seed=0):
    rng = np.random.default_rng(seed)
    genomes = [with_memory(random_genome(num_inputs, num_outputs, rng), rng) for _ in range(count)]
    return compile_population(Population.of(genomes))


def test_every_problem_that_searches_can_be_asked_is_a_task():
    assert sorted(SEQUENCE_TASKS) == sorted(name for name in PROBLEMS if not problem_class(name).trained_only)


def test_problems_for_trained_models_only_are_refused():
    for name in PROBLEMS:
        if problem_class(name).trained_only:
            with pytest.raises(UserError, match=r"^task\.name: .*which only trained models can be asked$"):
                make_task(name, {})


@pytest.mark.parametrize("name", ["parity", "copy_vectors", "temporal_order"])
def test_kernels_have_the_scorers_measures(name):
    """On the same outputs, those of float32 in NumPy: right answers and first errors are equal, margins nearly so."""
    task = make_task(name, {"batch": 37})
    rng = np.random.default_rng(0)
    genomes = [delayed(random_genome(task.num_inputs, task.num_outputs, rng), rng) for _ in range(8)]
    networks = compile_population(Population.of(genomes))
    episodes = Episodes.joined([task.episodes_of(seed) for seed in (0, 1, 2)])
    sequences = np.tile(np.arange(len(episodes)), (len(WEIGHTS), 1))
    found = tallies(networks, WEIGHTS.astype(np.float32)[None], False, episodes, tiles_of(episodes, sequences))
    for p, network in enumerate(networks):
        expected = scores(forward_episode(network, WEIGHTS, episodes.inputs, np.float32), episodes)
        right = (expected.answers - expected.wrong).ravel()
        before = (expected.before_error * episodes.judged.sum(axis=0)).ravel()
        margins = (expected.margins * expected.answers).ravel()
        agree = np.isclose(found[p, 2], margins, rtol=1e-3, atol=1e-3) & (found[p, 0] == right)
        assert agree.mean() > 0.98, "elementary functions differ in the last bits, and steps amplify that"
        np.testing.assert_array_equal(found[p, 1][agree], np.rint(before[agree]))


def test_outputs_that_are_not_finite_score_alike():
    """A linear node that feeds itself explodes at weights beyond 1."""
    task = make_task("delayed_xor", {"shortest": 400, "longest": 400, "batch": 5})
    networks = memory_networks(1, 2, 12, seed=3)
    found = task.evaluate(networks, np.array([-50.0, 50.0]), [0])
    assert np.isfinite(found.values).all()


def test_tiles_hold_every_lane_once():
    episodes = make_task("parity", {}).draw("train", 0, 150, 5)
    shapes = [(1, 150), (3, 10), (4, 64), (2, 130)]
    rng = np.random.default_rng(0)
    for count, n in shapes:
        for rows in (1, count):
            own = np.array([rng.permutation(150)[:n] for _ in range(rows)])
            sequences = np.tile(own, (count // rows, 1))
            tiles = tiles_of(episodes, sequences)
            data = tiles.inputs.reshape(len(tiles.steps), episodes.num_steps, 1, TILE)
            assert tiles.settings.tolist() == np.repeat(np.arange(count), n).tolist()
            lanes = [range(first, first + size) for first, size, _ in tiles.places.tolist()]
            assert sorted(lane for part in lanes for lane in part) == list(range(count * n))
            for (first, size, tile), order in zip(tiles.places.tolist(), lanes, strict=True):
                expected = episodes.inputs[:, sequences.ravel()[list(order)], 0]
                np.testing.assert_array_equal(data[tile, :, 0, :size], expected)
                assert first == order[0]


def test_a_seed_draws_a_batch_and_parts_are_apart():
    task = make_task("parity", {"batch": 9})
    assert len(task.episodes_of(0)) == 9 and task.episodes_of(0) is not task.episodes_of(1)
    lengths = {task.episodes_of(seed).num_steps for seed in range(30)}
    assert min(lengths) >= 4 and max(lengths) <= 16 and len(lengths) > 4
    reported, untouched = task.reported, untouched_of(task.reported)
    assert (reported.split, reported.batch, reported.score) == ("validation", 1, "accuracy")
    assert {untouched.episodes_of(seed).num_steps for seed in range(9)} == {16, 64, 1000}
    assert untouched.split == "test" and replace(task, champion_lengths="judging").reported.lengths == "judging"


def test_a_batch_of_every_length():
    task = make_task("parity", {"batch": 11, "shortest": 5, "longest": 8, "lengths": "every"})
    drawn, other = task.episodes_of(0), task.episodes_of(1)
    assert drawn.lengths.tolist() == [5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8]
    assert (drawn.inputs[:5, 0] != drawn.inputs[:5, 3]).any() and (drawn.inputs != other.inputs).any()
    assert set(make_task("digits_rows", {"batch": 5, "lengths": "every"}).episodes_of(0).lengths) == {10}


def test_returns_are_the_scores_of_the_batch():
    task = make_task("temporal_order", {"batch": 50, "longest": 12})
    networks = memory_networks(4, 4)
    right = {score: replace(task, score=score).evaluate(networks, WEIGHTS, [0, 5]) for score in ("accuracy", "exact")}
    graded = task.evaluate(networks, WEIGHTS, [0, 5])
    np.testing.assert_allclose(right["accuracy"].values, right["exact"].values, err_msg="there is one answer in each")
    assert (graded.values <= 0.012 * right["accuracy"].values).all() and graded.values.shape == (6, 3, 2)
    assert (graded.steps == 50 * 14).all()
    few = replace(task, batch=1, score="accuracy").evaluate(networks, WEIGHTS, np.arange(40))
    assert set(np.unique(few.values)) == {0, 100}


def xor_by_hand(lag):
    """Delayed XOR, exact at every weight: the outputs are 2 w**2 or 0 for "same", and w**2 for "different".

    The sum of the two signs is 0 or +-2; its absolute value opens a step by way of a linear node, at either sign of w.
    """
    sign, same, different, absolute, relay, opened, once, again, constant = range(1, 10)
    genes = [
        (sign, absolute, 0),
        (sign, absolute, lag),
        (absolute, relay, 0),
        (relay, opened, 0),
        (opened, once, 0),
        (opened, again, 0),
        (once, same, 0),
        (again, same, 0),
        (0, constant, 0),
        (constant, different, 0),
    ]
    names = ["linear"] * 4 + ["abs", "linear", "step", "linear", "linear", "linear"]
    sources, targets, delays = np.transpose(genes)
    codes = [ACTIVATIONS[name].code for name in names]
    return make_genome(1, 2, codes, sources, targets, np.ones(len(genes)), delays)


def test_a_network_by_hand_is_judged_perfect_at_every_weight():
    judged = make_task("delayed_xor", {}).judge(compile_genome(xor_by_hand(4)), np.array([-2.0, 0.1, 1.0]))
    assert [record["length"] for record in judged["lengths"]] == [24, 64, 1000]
    for record in judged["lengths"]:
        for measure in ("accuracy", "exact"):
            assert record[measure]["per_weight"] == [100, 100, 100] and record[measure]["min_beyond"] == 100
    assert judged["weights"] == [-2, 0.1, 1] and judged["counts"] == "steps"


def test_judgement_tells_answers_from_sequences():
    """A network that always says the first class has half of the parities right, and no long sequence."""
    nothing = compile_genome(make_genome(1, 2, [ACTIVATIONS["linear"].code] * 4, [], [], []))
    judged = make_task("parity", {}).judge(nothing, np.array([1.0]))
    last = judged["lengths"][-1]
    assert 45 < last["accuracy"]["mean"] < 55 and last["exact"]["mean"] == 0


def test_groups_are_those_of_keys_and_values():
    task = make_task("associative_retrieval", {"keys": 3, "values": 2, "longest": 3})
    assert groups_of(task).tolist() == [-1, 0, 0, 0, 1, 1, -1, 2, 2]
    assert groups_of(make_task("parity", {})) is None


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"input_groups": ((0, 3),), "output_groups": ()}, "groups of indices from 0 to 2, found (0, 3)"),
        ({"input_groups": ((-1,),), "output_groups": ()}, "groups of indices from 0 to 2, found (-1,)"),
        ({"input_groups": ((),), "output_groups": ()}, "groups of indices from 0 to 2, found ()"),
        ({"input_groups": ((0, 1), (1, 2)), "output_groups": ()}, "no input in two groups, or twice in one"),
        ({"input_groups": ((0, 0),), "output_groups": ()}, "no input in two groups, or twice in one"),
        ({"input_groups": (), "output_groups": ((0,), (0,))}, "no output in two groups, or twice in one"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, message):
    task = type("Own", (), {"name": "own", "num_inputs": 3, "num_outputs": 2, **groups})()
    with pytest.raises(UserError) as caught:
        groups_of(task)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, r"^task\.batch: expected 1 to 100,000 sequences, found 0"),
        ({"split": "all"}, r"^task\.split: expected .*, found 'all'"),
        (
            {"lengths": "every", "batch": 12},
            r"^task\.batch: expected at least one sequence of each of the 13 .*, found 12",
        ),
        ({"champion_lengths": "every"}, r"^task\.champion_lengths: expected .*, found 'every'"),
        ({"lengths": "long"}, r"^task\.lengths: expected .*, found 'long'"),
        ({"score": "loss"}, r"^task\.score: expected .*, found 'loss'"),
        ({"shortest": 0}, r"^task\.shortest: expected at least 1, found 0"),
        ({"lag": 3}, r"^task\.lag: .*no such option"),
    ],
)
def test_mistakes_are_named_in_one_sentence(options, message):
    with pytest.raises(UserError, match=message):
        make_task("parity", options)


def test_individual_weights_and_networks_without_memory_share_a_call():
    task = make_task("counting", {"batch": 10})
    networks = Networks.of([*memory_networks(2, 2), compile_genome(random_genome(2, 2, np.random.default_rng(1)))])
    counts = [int(network.connection_ids.max(initial=-1)) + 1 for network in networks]
    own = [np.full((2, count), 0.5) for count in counts]
    table, individual = weight_table(networks, own)
    assert individual and table.shape[1] == 2
    found = task.evaluate(networks, own, [4]).values
    np.testing.assert_array_equal(found[:, 0], found[:, 1])


def test_options_of_problem_and_task_are_one_list():
    assert list(options_of(make_task("copy", {}))) == [
        "shortest",
        "longest",
        "bits",
        "batch",
        "split",
        "lengths",
        "champion_lengths",
        "score",
    ]
