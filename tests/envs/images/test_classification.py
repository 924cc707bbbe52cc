"""The classification task beyond the contract of tasks: batches, parts, and what all weights say together."""

import numpy as np
import pytest

from envs.images.classification import Classification
from networks import random_networks
from wann.network import Networks
from wann.oracle import forward

WEIGHTS = np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])


@pytest.fixture(scope="module")
def network():
    task = Classification("digits")
    networks = random_networks(task.num_inputs, task.num_outputs, 20, np.random.default_rng(3), max_hidden=12)
    return networks[int(networks.num_connections().argmax())]


def test_the_ensemble_is_what_the_oracle_says(network):
    """Votes with ties, probabilities and classes, counted image by image."""
    task = Classification("digits", split="test")
    batch = task.untouched.batch_of(0)
    labels = batch.labels
    found = task.ensemble(network, WEIGHTS)
    logits = forward(network, WEIGHTS, batch.inputs.T)
    votes, sure, right_of = [], [], {label: [[] for _ in WEIGHTS] for label in range(10)}
    for image, label in enumerate(labels.tolist()):
        classes = [int(np.argmax(logits[w, image])) for w in range(len(WEIGHTS))]
        votes.append(max(range(10), key=lambda c, classes=classes: (classes.count(c), -c)) == label)
        shares = np.exp(logits[:, image] - logits[:, image].max(axis=1, keepdims=True))
        sure.append(int((shares / shares.sum(axis=1, keepdims=True)).mean(axis=0).argmax()) == label)
        for w, chosen in enumerate(classes):
            right_of[label][w].append(chosen == label)
    one_image = 100 / len(labels)
    assert found["vote"] == pytest.approx(100 * np.mean(votes), abs=one_image)
    assert found["mean_softmax"] == pytest.approx(100 * np.mean(sure), abs=one_image)
    for label, name in enumerate(task.output_names):
        expected = [100 * np.mean(right) for right in right_of[label]]
        assert found["per_class"][name]["by_weight"] == pytest.approx(expected, abs=100 / len(right_of[label][0]))


def test_what_is_said_of_classes_adds_up(network):
    task = Classification("digits", split="test")
    labels = task.untouched.batch_of(0).labels
    found, shares = task.ensemble(network, WEIGHTS), np.bincount(labels) / len(labels)
    accuracies = task.untouched.evaluate(Networks.of([network]), WEIGHTS, [0]).values[0, :, 0]
    by_weight = np.array([record["by_weight"] for record in found["per_class"].values()])
    np.testing.assert_allclose(shares @ by_weight, accuracies)
    together = [record["mean_softmax"] for record in found["per_class"].values()]
    assert shares @ together == pytest.approx(found["mean_softmax"])


def test_a_batch_for_each_seed_or_one_for_all(network):
    networks = Networks.of([network])
    drawn, fixed = Classification("digits", batch=50), Classification("digits", batch=50, batch_seed=4)
    values = drawn.evaluate(networks, WEIGHTS, [1, 2, 1]).values[0]
    assert (values[:, 0] == values[:, 2]).all() and (values[:, 0] != values[:, 1]).any()
    values = fixed.evaluate(networks, WEIGHTS, [1, 2]).values[0]
    assert (values[:, 0] == values[:, 1]).all() and fixed.deterministic and not drawn.deterministic
    labels = drawn.batch_of(1).labels
    assert len(labels) == 50 and not np.array_equal(labels, drawn.batch_of(2).labels)


def test_no_image_is_in_two_parts():
    parts = [Classification("digits", batch=None, split=split).batch_of(0) for split in ("train", "validation", "test")]
    images = [{column.tobytes() for column in part.inputs.T.copy()} for part in parts]
    assert not images[0] & images[1] and not images[0] & images[2] and not images[1] & images[2]
    assert sum(map(len, parts)) == 1797
