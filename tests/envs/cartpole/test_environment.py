"""The swing-up as a Gymnasium environment, and its agreement with the batched task."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from envs.cartpole import environment as cartpole_swingup_env
from envs.cartpole import physics
from envs.cartpole.physics import seeded_start
from envs.cartpole.task import CartPoleSwingUp
from envs.gymnasium.task import GymnasiumTask
from networks import SMOOTH, random_networks
from wann import Networks, UserError, compile_genome, forward_lanes, minimal_genome

IDS = ("CartPoleSwingUp-v0", "CartPoleSwingUpHard-v0")


@pytest.fixture(autouse=True)
def _no_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def make(id: str = IDS[0], **kwargs) -> gymnasium.Env:
    return gymnasium.make(id, **kwargs)


@pytest.mark.parametrize("id", IDS)
def test_passes_the_checker(id):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(make(id).unwrapped)
    # Velocities have no bound, of which the checker disapproves; so it does of Gymnasium's own cart-poles.
    others = [str(warning.message) for warning in caught if "infinity" not in str(warning.message)]
    assert not others


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 123456789])
def test_a_seed_gives_the_start_of_the_task(seed, hard):
    environment = make(IDS[hard])
    observation, info = environment.reset(seed=seed)
    assert tuple(environment.unwrapped.state) == seeded_start(seed, hard)
    expected = physics.observe(np.array(seeded_start(seed, hard))).astype(np.float32)
    np.testing.assert_array_equal(observation, expected)
    assert observation.dtype == np.float32
    assert info == {}
    # The generator goes on from there, the same way each time.
    after = [environment.reset()[0], environment.reset()[0]]
    environment.reset(seed=seed)
    np.testing.assert_array_equal(after, [environment.reset()[0], environment.reset()[0]])
    assert not np.array_equal(after[0], after[1])


def test_the_hard_start_by_option():
    environment = make()
    environment.reset(seed=5, options={"hard": True})
    assert tuple(environment.unwrapped.state) == seeded_start(5, True)
    hard = make(IDS[1])
    hard.reset(seed=5, options={"hard": False})
    assert tuple(hard.unwrapped.state) == seeded_start(5, False)
    starts = np.array([seeded_start(seed, True) for seed in range(2000)]) - [0, 0, np.pi, 0]
    reach = np.array([2.4, 10, np.pi / 2, 10])
    assert (np.abs(starts) <= reach).all()
    assert (np.abs(starts).max(axis=0) > 0.99 * reach).all()


def test_an_unknown_option_is_refused():
    with pytest.raises(UserError, match="did you mean 'hard'"):
        make().reset(options={"herd": True})
    with pytest.raises(UserError, match=r"render_mode.*did you mean 'rgb_array'"):
        cartpole_swingup_env.CartPoleSwingUpEnv(render_mode="rgb_aray")


def test_one_step_by_hand():
    """From rest, upright: x'' = 4F/(4M - 3m), theta'' = 6F/(4lM - 3ml), positions move a step later."""
    environment = make().unwrapped
    environment.reset(seed=0)
    environment.state = np.zeros(4)
    observation, reward, terminated, truncated, _ = environment.step(np.array([0.5], np.float32))
    speed, spin = 0.01 * 4 * 5 / (4 - 1.5), 0.01 * 6 * 5 / (2.4 - 0.9)
    np.testing.assert_allclose(environment.state, [0, speed, 0, spin])
    np.testing.assert_allclose(observation, [0, speed, 1, 0, spin], rtol=1e-6)
    assert (reward, terminated, truncated) == (1.0, False, False)
    environment.state = np.array([1.2, 0, np.pi / 2, 0])
    _, reward, *_ = environment.step(np.array([0.0], np.float32))
    assert reward == pytest.approx(0.5 * np.cos(np.pi / 4))


def test_actions_are_clipped():
    states = []
    for action in (1.0, 3.0):
        environment = make().unwrapped
        environment.reset(seed=0)
        environment.step(np.array([action], np.float32))
        states.append(environment.state)
    np.testing.assert_array_equal(*states)
    with pytest.raises(ValueError, match=r"shape \[1\], found \[2\]"):
        environment.step(np.zeros(2))


def test_an_episode_is_cut_after_1000_steps():
    """A pole at rest upright stays there without force, so the return is the number of steps."""
    environment = make()
    environment.reset(seed=0)
    environment.unwrapped.state = np.zeros(4)
    total, steps, over = 0.0, 0, False
    while not over:
        _, reward, terminated, truncated, _ = environment.step(np.zeros(1, np.float32))
        total, steps, over = total + reward, steps + 1, terminated or truncated
    assert (steps, total, terminated, truncated) == (1000, 1000.0, False, True)


def full_throttle(action: float, seed: int) -> tuple[float, int]:
    environment = make()
    environment.reset(seed=seed)
    total, steps, over = 0.0, 0, False
    while not over:
        _, reward, terminated, truncated, _ = environment.step(np.array([action], np.float32))
        total, steps, over = total + reward, steps + 1, terminated or truncated
    assert terminated
    assert abs(environment.unwrapped.state[0]) > 2.4
    return total, steps


def test_steps_until_the_cart_leaves_the_track_are_counted_alike():
    """The bias alone drives the cart off the track at full force, to either side."""
    constant = compile_genome(minimal_genome(5, 1, [True, False, False, False, False, False]))
    seeds = list(range(20))
    task = CartPoleSwingUp()
    found = task.evaluate(Networks.of([constant]), np.array([1.0, -1.0]), seeds)
    for w, action in enumerate((1.0, -1.0)):
        expected = [full_throttle(action, seed) for seed in seeds]
        np.testing.assert_array_equal(found.steps[0, w], [steps for _, steps in expected])
        np.testing.assert_allclose(found.values[0, w], [total for total, _ in expected], rtol=1e-4, atol=1e-4)
        oracle = task.evaluate_oracle(constant, [action], seeds)
        np.testing.assert_array_equal(oracle.steps[0, 0], [steps for _, steps in expected])
    assert found.steps.min() > 50
    assert found.steps.max() < 300


def rewards_of_environment(network, weight: float, seed: int, hard: bool, num_steps: int) -> list[float]:
    """Rewards of an episode, zeros after its end, under a policy in float64."""
    environment = make(IDS[hard])
    observation, _ = environment.reset(seed=seed)
    rewards: list[float] = []
    for _ in range(num_steps):
        action = forward_lanes(network, [weight], observation[None].astype(np.float64))[0]
        observation, reward, terminated, _, _ = environment.step(action)
        rewards.append(reward)
        if terminated:
            break
    return rewards + [0.0] * (num_steps - len(rewards))


@pytest.mark.parametrize("hard", [False, True])
def test_the_kernel_agrees_step_by_step(hard):
    """Returns of episodes cut at k and at k + 1 differ by the reward of one step."""
    networks = random_networks(5, 1, 4, np.random.default_rng(17), max_hidden=4, activations=SMOOTH)
    weights, seeds, num_steps = np.array([-0.7, 0.6]), [2, 31], 60
    returns = [CartPoleSwingUp(k, hard).evaluate(networks, weights, seeds).values for k in range(1, num_steps + 1)]
    found = np.diff(np.array(returns), axis=0, prepend=0)
    for p, network in enumerate(networks):
        for w, weight in enumerate(weights):
            for r, seed in enumerate(seeds):
                expected = rewards_of_environment(network, weight, seed, hard, num_steps)
                np.testing.assert_allclose(found[:, p, w, r], expected, atol=1e-3)


def test_whole_episodes_agree_on_average():
    """Rounding grows over an episode of a chaotic system, so single returns differ and averages must not."""
    networks = random_networks(5, 1, 3, np.random.default_rng(4), activations=SMOOTH)
    seeds = list(range(48))
    kernel = CartPoleSwingUp().evaluate(networks, np.array([1.0]), seeds)
    environment = GymnasiumTask(IDS[0]).evaluate(networks, np.array([1.0]), seeds)
    for p in range(len(networks)):
        first, second = kernel.values[p, 0], environment.values[p, 0]
        error = np.sqrt((first.var() + second.var()) / len(seeds))
        assert abs(first.mean() - second.mean()) <= 3 * error + 0.5
        assert abs(kernel.steps[p].mean() - environment.steps[p].mean()) <= 0.05 * kernel.steps[p].mean() + 1
    assert np.ptp(kernel.values) > 10


def test_pictures():
    environment = make(render_mode="rgb_array")
    environment.reset(seed=1)
    hanging = environment.render()
    assert hanging.shape == (360, 720, 3)
    assert hanging.dtype == np.uint8
    assert len(np.unique(hanging.reshape(-1, 3), axis=0)) > 50
    environment.unwrapped.state = np.array([1.0, 0, 0, 0])
    environment.step(np.array([1.0], np.float32))
    upright = environment.render()
    assert (hanging != upright).any(axis=2).sum() > 2000
    # The pole is red when it hangs and green when it stands: above and below the axle in the cart's column.
    column = 360 + 116
    red, green, _ = upright[206 - 40, column].astype(int)
    assert green > red + 50
    np.testing.assert_array_equal(upright, environment.render())


def test_the_mirrored_state_gives_the_mirrored_picture():
    frames = []
    for side in (1, -1):
        environment = make(render_mode="rgb_array").unwrapped
        environment.reset(seed=1)
        environment.state = side * np.array([0.7, 0, 0.9, 0])
        frames.append(environment.render()[80:].astype(int))
    assert np.abs(frames[0] - frames[1][:, ::-1]).max(axis=2).astype(bool).mean() < 0.01
    assert np.abs(frames[0] - frames[1]).max(axis=2).astype(bool).mean() > 0.01


def test_a_window_opens_steps_and_closes():
    environment = make(render_mode="human")
    environment.reset(seed=1)
    for _ in range(3):
        environment.step(environment.action_space.sample())
    window = environment.unwrapped._window
    assert window.get_size() == (720, 360)
    assert len({tuple(window.get_at((x, 206))) for x in range(0, 720, 4)}) > 1
    environment.close()
    environment.close()


def test_registration_can_be_repeated(recwarn):
    spec = gymnasium.spec(IDS[0])
    cartpole_swingup_env.register()
    assert gymnasium.spec(IDS[0]) is spec
    assert not recwarn.list
    assert [gymnasium.spec(id).max_episode_steps for id in IDS] == [1000, 1000]


def test_an_id_with_its_module_needs_no_import():
    code = (
        "import gymnasium; env = gymnasium.make('envs.cartpole.environment:CartPoleSwingUp-v0');"
        "print(env.reset(seed=0)[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(5,)"
