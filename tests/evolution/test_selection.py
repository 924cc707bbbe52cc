import numpy as np

from evolution.selection import select


def test_published_numbers():
    chosen = select(np.arange(192), 0, 0.2, 0.2, 16, np.random.default_rng(0))
    assert chosen.elites.tolist() == list(range(30))  # floor(0.2 * (192 - 38))
    assert len(chosen.parents) == 162
    assert chosen.parents.max() < 154


def test_order_is_what_counts_not_the_index():
    order = np.random.default_rng(1).permutation(50)
    chosen = select(order, 0, 0.2, 0.5, 4, np.random.default_rng(0))
    assert chosen.elites.tolist() == order[:20].tolist()
    assert set(chosen.parents) <= set(order[:40])


def test_the_winner_is_the_best_of_k_draws():
    """P(best rank >= r) = (1 - r/n)^k for k draws with replacement."""
    order = np.arange(100)
    parents = np.concatenate(
        [select(order, 0, 0.0, 0.0, 8, np.random.default_rng(seed)).parents for seed in range(200)]
    )
    for rank in (1, 5, 10, 20):
        assert abs((parents >= rank).mean() - (1 - rank / 100) ** 8) < 0.015


def test_newborns_take_places_of_children():
    chosen = select(np.arange(100), 7, 0.2, 0.2, 4, np.random.default_rng(0))
    assert len(chosen.elites) + len(chosen.parents) == 93


def test_the_smallest_population_survives_any_ratio():
    chosen = select(np.arange(4), 1, 0.99, 0.0, 2, np.random.default_rng(0))
    assert chosen.parents.tolist() == [0, 0, 0]
