"""Names and options that stand in registries: one sentence for every mistake, with its place."""

from pathlib import Path

import pytest

from configs import load_config
from experiment.checking import load_checked
from wann.errors import UserError

STAGES = "seed: 3\nstages:\n- name: discover\n  generations: 3\n- name: refine\n  generations: 4\n"

# Of each case: what stands in the file, overrides, and the whole message; {path} is the file.
MISTAKES = {
    "unknown strategy": (
        "seed: 1\nsearch: {strategy: publishd}",
        [],
        "{path}:2: search.strategy: expected a strategy, found 'publishd' (did you mean 'published'?)",
    ),
    "restarts without a population": (
        "task: {name: digits}\nsearch:\n  strategy: gradient_informed\n  restart_after: 9\n",
        [],
        "{path}:4: search.restart_after: expected a strategy with a population, found 'gradient_informed'",
    ),
    "unknown operator": (
        "search:\n  mutation: {ad_connection: .1}\n",
        [],
        "{path}:2: search.mutation.ad_connection: expected an operator, found 'ad_connection' "
        "(did you mean 'add_connection'?)",
    ),
    "chances that do not sum to one": (
        "search:\n  mutation:\n    enable: .1\n",
        [],
        "{path}:2: search.mutation: expected probabilities that sum to 1, found 1.05 (add_connection 0.2, "
        "insert_node 0.25, enable 0.1, change_activation 0.5, disable 0, rewire 0)",
    ),
    "chances that do not sum to one in a stage": (
        STAGES + "  search:\n    mutation: {enable: .1}\n",
        [],
        "{path}:8: stages[1].search.mutation: expected probabilities that sum to 1, found 1.05 (add_connection 0.2, "
        "insert_node 0.25, enable 0.1, change_activation 0.5, disable 0, rewire 0)",
    ),
    "unknown task": (
        "task:\n  name: cartpole_swingupp",
        [],
        "{path}:2: task.name: expected a task, found 'cartpole_swingupp' (did you mean 'cartpole_swingup'?)",
    ),
    "unknown task as an override": (
        "seed: 1",
        ["task.name=cartpole_swing"],
        "--set task.name=cartpole_swing: task.name: expected a task, found 'cartpole_swing' "
        "(did you mean 'cartpole_swingup'?)",
    ),
    "unknown strategy of a stage": (
        STAGES + "  search: {strategy: publishd}\n",
        [],
        "{path}:7: stages[1].search.strategy: expected a strategy, found 'publishd' (did you mean 'published'?)",
    ),
    "another task in a stage": (
        STAGES + "  task: {name: gymnasium, id: CartPole-v1}\n",
        [],
        "{path}:7: stages[1].task.name: expected 'cartpole_swingup', one task for all stages, found 'gymnasium'",
    ),
    "wrong option of the task in a stage": (
        STAGES + "  task:\n    max_steps: 0\n",
        [],
        "{path}:8: stages[1].task.max_steps: expected at least 1, found 0",
    ),
    "unknown task in a sweep": (
        "seed: 1\nsweep:\n  task.name: [cartpole]\n",
        [],
        "{path}:3: task.name: expected a task, found 'cartpole' (did you mean 'cartpole_swingup'?); "
        "it is in combination 01-name=cartpole of the sweep",
    ),
}


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str) -> Path:
        path = tmp_path / "search.yaml"
        path.write_text(content)
        return path

    return write


def message_of(path: Path, overrides: list[str]) -> str:
    load_config(path, overrides)  # the schema alone has nothing against it
    with pytest.raises(UserError) as caught:
        load_checked(path, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_gets_one_sentence(write, case):
    content, overrides, expected = MISTAKES[case]
    path = write(content)
    assert message_of(path, overrides) == expected.format(path=path)


def test_an_unknown_option_of_a_task_is_placed(write):
    path = write("seed: 1\ntask:\n  max_steps: 3\n  max_step: 4\n")
    message = message_of(path, [])
    assert message.startswith(f"{path}:4: task.max_step: ")
    assert "(did you mean 'max_steps'?)" in message


def test_an_unknown_option_in_a_sweep_is_placed(write):
    path = write("sweep:\n  task.max_step: [64]\n")
    assert message_of(path, []).startswith(f"{path}:2: task.max_step: ")


def test_a_wrong_option_of_a_task_is_placed(write):
    path = write("task: {max_steps: 3}")
    assert message_of(path, ["task.max_steps=0"]).startswith("--set task.max_steps=0: task.max_steps: expected ")


def test_a_stage_with_other_inputs_is_refused(write):
    path = write("task: {name: gymnasium, id: CartPole-v1}\n" + STAGES + "  task: {id: Acrobot-v1}\n")
    assert message_of(path, []).endswith(
        "stages[1].task: expected networks with 4 inputs and 2 outputs in every stage, found 6 inputs and 3 outputs"
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (("true", "false", "true"), "stages[1].task: expected all 5 inputs of the stage before, found 3"),
        (
            ("false", "false", "false"),
            "stages[2].task: expected all 5 inputs of the search's own task in the last stage, found 3",
        ),
    ],
)
def test_stages_see_ever_more_and_the_last_one_all(write, seen, expected):
    lines = (f"- {{name: s{n}, generations: 1, task: {{velocities: {each}}}}}\n" for n, each in enumerate(seen))
    assert message_of(write("stages:\n" + "".join(lines)), []).endswith(expected)


def test_stages_see_nothing_that_the_search_does_not(write):
    stages = "task: {velocities: false}\nstages: [{name: s, generations: 1, task: {velocities: true}}]\n"
    assert message_of(write(stages), []).endswith(
        "stages[0].task: expected networks with 3 inputs and 1 outputs, or fewer of these inputs, in every stage, "
        "found 5 inputs and 1 outputs"
    )


def test_a_mapping_is_checked_without_a_place():
    with pytest.raises(UserError) as caught:
        load_checked({"search": {"strategy": "publishd"}})
    assert str(caught.value).startswith("search.strategy: expected a strategy, found 'publishd'")
    assert (caught.value.key, caught.value.place) == ("search.strategy", "")
