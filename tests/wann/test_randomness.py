import numpy as np

from wann.randomness import Purpose, episode_seeds, keyed_rng, stratified_uniform


def test_a_key_names_its_draws():
    assert keyed_rng(1, Purpose.MUTATION, 5).random() == keyed_rng(1, Purpose.MUTATION, 5).random()
    draws = {
        keyed_rng(*key).random()
        for key in [
            (1, Purpose.MUTATION, 5),
            (1, Purpose.MUTATION, 6),
            (2, Purpose.MUTATION, 5),
            (1, Purpose.RANKING, 5),
        ]
    }
    assert len(draws) == 4


def test_known_draws_stay_the_same():
    """A change here changes the result of every config."""
    np.testing.assert_allclose(
        keyed_rng(7, Purpose.SELECTION, 3).random(2), [0.5000372992363655, 0.9024683300151538], rtol=0, atol=0
    )
    assert episode_seeds(7, Purpose.EPISODES, 3, 2).tolist() == [296948780, 296948781]


def test_search_selection_and_report_never_share_a_seed():
    for index in range(200):
        bands = {int(episode_seeds(3, purpose, index, 100).max()) >> 29 for purpose in (Purpose.EPISODES,)}
        assert bands == {0}
        assert (episode_seeds(3, Purpose.CHAMPION_SELECTION, index, 100) >> 29 == 1).all()
        assert (episode_seeds(3, Purpose.CHAMPION_REPORT, index, 100) >> 29 == 2).all()


def test_stratified_draws_cover_every_part():
    draws = stratified_uniform(np.random.default_rng(0), -2, 2, 64)
    assert np.floor((draws + 2) * 16).tolist() == list(range(64))
