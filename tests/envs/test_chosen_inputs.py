"""Which tasks show more than others: names alone do not tell, since many tasks have the same names for other things."""

import pytest

from envs.box2d.racer.encoder import shipped_encoder
from envs.registry import make_task
from envs.task import sees_more

MORE = [
    ("cartpole_swingup", {}, {"velocities": False}),
    ("cartpole_swingup", {"hard": True}, {"velocities": False, "max_steps": 60}),
    ("bipedal_walker", {}, {"velocities": False}),
    ("car_racing", {"inputs": "latents+dashboard"}, {}),
    ("car_racing", {"inputs": "latents+previous"}, {"stall_steps": 40}),
]


@pytest.mark.parametrize(("name", "many", "few"), MORE)
def test_an_option_that_chooses_inputs_shows_more(name, many, few):
    assert sees_more(make_task(name, many), make_task(name, few))
    assert not sees_more(make_task(name, few), make_task(name, many))
    assert not sees_more(make_task(name, many), make_task(name, many))


def test_another_encoder_shows_other_things_by_the_same_names():
    encoders = sorted(shipped_encoder(None).parent.glob("*.safetensors"))
    assert len(encoders) == 2
    tasks = [
        make_task("car_racing", {"encoder": str(encoders[0]), "inputs": "latents+dashboard"}),
        make_task("car_racing", {"encoder": str(encoders[1])}),
    ]
    assert set(tasks[1].input_names) < set(tasks[0].input_names) and not sees_more(*tasks)


@pytest.mark.parametrize(
    ("name", "many", "few"),
    [
        ("classification", {"dataset": "mnist", "inputs": "28x28"}, {"dataset": "mnist", "inputs": "16x16 deskewed"}),
        ("classification", {"dataset": "mnist", "inputs": "16x16 deskewed"}, {"dataset": "digits", "inputs": "8x8"}),
        ("gymnasium", {"id": "Acrobot-v1"}, {"id": "CartPole-v1"}),
    ],
)
def test_names_that_only_number_inputs_tell_nothing(name, many, few):
    tasks = make_task(name, many), make_task(name, few)
    assert tasks[0].num_inputs > tasks[1].num_inputs and not sees_more(*tasks)
