"""Every strategy keeps the protocol of a search, whatever it is."""

import numpy as np
import pytest

from configs.schema import Config, strategy_sections
from envs.images.classification import Classification
from evolution.protocol import AskTell, RequestForGradients
from evolution.registry import STRATEGIES, make_search
from genomes import grown_genomes
from wann.errors import UserError
from workers.inline import InlineEvaluator

TASK = Classification("digits", batch=50, score="tempered_cross_entropy")


def search_of(strategy: str) -> AskTell:
    section = {strategy: {"probes": 4, "children": 2}} if strategy == "gradient_informed" else {}
    search = {"strategy": strategy, "population": 8, "tournament_size": 2, **section}
    config = Config.model_validate({"search": search, "evaluation": {"weights": [1.0], "rollouts": 1}})
    return make_search(config, TASK.num_inputs, TASK.num_outputs)


def generation(search: AskTell) -> object:
    while True:
        summary = search.tell(search.ask().answered_by(InlineEvaluator(TASK)).found)
        if summary is not None:
            return summary


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_results_are_told_once_after_each_ask(strategy):
    search = search_of(strategy)
    request = search.ask()
    answer = request.answered_by(InlineEvaluator(TASK))
    fresh = search_of(strategy)
    with pytest.raises(ValueError, match="not asked for"):
        fresh.tell(answer.found)
    search.tell(answer.found)
    with pytest.raises(ValueError, match="not asked for"):
        search.tell(answer.found)
    generation(search)
    assert search.generation in (1, 2)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_results_of_another_shape_leave_the_request_open(strategy):
    search = search_of(strategy)
    answer = search.ask().answered_by(InlineEvaluator(TASK))
    for wrong in (np.zeros((2, 3)), np.zeros(0)):
        with pytest.raises(ValueError, match=r"expected (returns|gradients)"):
            search.tell(wrong)
    search.tell(answer.found)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_restored_search_waits_for_a_new_ask(strategy):
    search = search_of(strategy)
    generation(search)
    state = search.state()
    answer = search.ask().answered_by(InlineEvaluator(TASK))
    search.restore(*state)
    with pytest.raises(ValueError, match="not asked for"):
        search.tell(answer.found)
    assert search.generation == 1
    assert len(search.candidates()) > 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_requests_say_what_they_need(strategy):
    first = search_of(strategy).ask()
    assert isinstance(first, RequestForGradients) == STRATEGIES[strategy].needs_gradients
    assert first.answered_by(InlineEvaluator(TASK)).steps > 0


def test_sections_belong_to_strategies():
    assert strategy_sections().keys() <= STRATEGIES.keys()


def test_mistakes_are_refused():
    with pytest.raises(UserError, match=r"search\.strategy: expected a strategy, found 'publishd'"):
        make_search(Config.model_validate({"search": {"strategy": "publishd"}}), 2, 1)
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        make_search(Config(), 2, 1, grown_genomes(1, num_inputs=3, num_outputs=1))
