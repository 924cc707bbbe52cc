"""Films of champions: the episode is the oracle's, and the file holds every step of it."""

from __future__ import annotations

import dataclasses
import importlib.util
import os

import numpy as np
import pytest

from envs.registry import make_task
from inspection.video import record_video
from networks import random_genome
from wann import UserError, compile_genome, extras
from wann.champion import Champion, save_champion

pytest.importorskip("pygame")
pytest.importorskip("imageio_ffmpeg")
pytest.importorskip("PIL")

STEPS = 25
# Options to film each task with.
CASES = [
    ("cartpole_swingup", {}),
    ("cartpole_swingup", {"hard": True}),
    ("bipedal_walker", {}),
    ("bipedal_walker", {"hardcore": True}),
    ("gymnasium", {"id": "CartPole-v1"}),
    ("gymnasium", {"id": "Pendulum-v1"}),
    ("car_racing", {}),
]


def champion_of(name: str, options: dict, individual: bool = False) -> Champion:
    task = make_task(name, options)
    genome = random_genome(task.num_inputs, task.num_outputs, np.random.default_rng(4))
    own = np.random.default_rng(1).normal(size=genome.num_enabled).tolist() if individual else None
    return Champion(
        genome=genome,
        task=name,
        task_options=options,
        input_names=task.input_names,
        output_names=task.output_names,
        weights=(0.7,),
        returns={},
        config={},
        seed=0,
        generation=0,
        simulator=task.simulated_by,
        preprocessing=getattr(task, "preprocessing", None),
        individual_weights=None if own is None else tuple(own),
    )


def frames_of(path) -> list[np.ndarray]:
    if path.suffix == ".gif":
        from PIL import Image, ImageSequence

        with Image.open(path) as film:
            return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    import imageio.v2 as imageio

    with imageio.get_reader(path) as film:
        return list(film.iter_data())


@pytest.mark.parametrize("suffix", [".mp4", pytest.param(".gif", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda part: str(part))
def test_the_film_shows_the_oracles_episode(tmp_path, name, options, suffix):
    if name in ("bipedal_walker", "car_racing"):
        pytest.importorskip("Box2D")
    champion = champion_of(name, options)
    played = record_video(champion, tmp_path / f"film{suffix}", weight=0.7, seed=5, max_steps=STEPS)
    cut = make_task(name, {**options, "max_steps": STEPS})
    expected = cut.evaluate_oracle(compile_genome(champion.genome), [0.7], [5])
    assert played.value == expected.values.item()
    assert played.steps == expected.steps.item()
    assert played.path == tmp_path / f"film{suffix}"
    assert [file.name for file in tmp_path.iterdir()] == [f"film{suffix}"]
    assert 1000 < played.path.stat().st_size < 20_000 * (STEPS + 1)
    frames = frames_of(played.path)
    assert len(frames) == played.steps + 1
    height, width, _ = frames[0].shape
    assert 200 <= height <= 1000 and 200 <= width <= 1000
    assert (frames[0] != frames[-1]).any()
    assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) > 1, "the picture is not empty"


def test_gif_frames_are_the_rendered_ones(tmp_path):
    """All of them, pixel by pixel: what is not painted anew is as before."""
    champion = champion_of("gymnasium", {"id": "CartPole-v1"})
    played = record_video(champion, tmp_path / "film.gif", 0.7, seed=5, max_steps=8)
    task = make_task("gymnasium", {"id": "CartPole-v1"})
    environment = task.make_environment(render_mode="rgb_array")
    environment.reset(seed=5)
    np.testing.assert_array_equal(frames_of(played.path)[0], environment.render())
    environment.close()


def test_equal_frames_stay_frames(tmp_path):
    from inspection.drawing.gif import GifWriter

    picture = np.zeros((20, 30, 3), np.uint8)
    changed = picture.copy()
    changed[4:9, 7:8] = 200, 10, 30
    with GifWriter(tmp_path / "a.gif", 50) as film:
        for frame in (picture, picture, changed, changed, picture):
            film.write(frame)
    found = frames_of(tmp_path / "a.gif")
    assert len(found) == 5
    for frame, expected in zip(found, (picture, picture, changed, changed, picture), strict=True):
        np.testing.assert_array_equal(frame, expected)


def test_whole_episodes_without_what_only_a_search_does(tmp_path):
    """Neither its cuts nor its stops: what reports count is shown."""
    pytest.importorskip("Box2D")
    options = {"max_steps": 5, "stall_steps": 2, "fall_penalty": False, "simulator": "gymnasium"}
    champion = champion_of("bipedal_walker", options)
    played = record_video(champion, tmp_path / "film.gif", 0.7, seed=1, max_steps=12)
    assert played.steps == 12


def test_a_champion_with_weights_of_its_own(tmp_path):
    champion = champion_of("cartpole_swingup", {}, individual=True)
    save_champion(tmp_path / "champion.json", champion)
    played = record_video(tmp_path / "champion.json", tmp_path / "film.gif", seed=2, max_steps=STEPS)
    network = compile_genome(champion.genome)
    expected = make_task("cartpole_swingup", {"max_steps": STEPS}).evaluate_oracle(
        network, np.array([champion.individual_weights]), [2]
    )
    assert played.value == expected.values.item()


def test_no_display_is_needed_and_the_environment_stays(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    before = dict(os.environ)
    record_video(champion_of("gymnasium", {"id": "CartPole-v1"}), tmp_path / "film.mp4", 0.7, max_steps=3)
    assert dict(os.environ) == before


# --- errors ---


@pytest.fixture
def champion() -> Champion:
    return champion_of("cartpole_swingup", {})


@pytest.mark.parametrize("name", ["film.avi", "film", "film.mp3"])
def test_an_unknown_suffix(tmp_path, champion, name):
    with pytest.raises(UserError, match=r"expected a film's suffix, \.mp4 or \.gif, found") as caught:
        record_video(champion, tmp_path / name, 1.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("suffix", "package"), [(".mp4", "imageio_ffmpeg"), (".mp4", "imageio"), (".gif", "PIL")])
def test_a_package_that_is_missing(tmp_path, champion, monkeypatch, suffix, package):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == package else importlib.util.find_spec(name))
    with pytest.raises(UserError, match=rf"found no package '{package}'; pip install .*\[video\]"):
        record_video(champion, tmp_path / f"film{suffix}", 1.0)


def test_paths_that_cannot_be_written(tmp_path, champion):
    with pytest.raises(UserError, match="expected a directory to write to, found no"):
        record_video(champion, tmp_path / "nowhere" / "film.mp4", 1.0)
    (tmp_path / "film.gif").mkdir()
    with pytest.raises(UserError, match="found a directory"):
        record_video(champion, tmp_path / "film.gif", 1.0)


def test_a_file_system_that_refuses(tmp_path, champion, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(UserError, match=r"film\.gif: expected a path that can be written, found Permission denied"):
        record_video(champion, tmp_path / "film.gif", 1.0, max_steps=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_failure_midway_leaves_the_film_that_was_there(tmp_path, champion, monkeypatch, suffix):
    path = tmp_path / f"film{suffix}"
    path.write_bytes(b"an older film")

    def fail(self, action):
        raise ArithmeticError("the pole broke")

    monkeypatch.setattr("envs.cartpole.environment.CartPoleSwingUpEnv.step", fail)
    with pytest.raises(ArithmeticError, match="the pole broke"):
        record_video(champion, path, 1.0)
    assert path.read_bytes() == b"an older film"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("changes", "weight", "message"),
    [
        (
            {"task": "cartpole_swingin"},
            1.0,
            "expected a task, found 'cartpole_swingin'.*did you mean 'cartpole_swingup'",
        ),
        ({"task": "gymnasium", "task_options": {"id": "Pendulum-v1"}}, 1.0, "expected 3 inputs and 1 outputs.*found 5"),
        ({"task_options": {"hart": True}}, 1.0, "did you mean 'hard'"),
        ({"preprocessing": {"encoder_sha256": "0"}}, 1.0, "expected the preprocessing"),
        ({}, np.nan, "weight: expected a finite number, found nan"),
    ],
)
def test_champions_that_cannot_be_shown(tmp_path, champion, changes, weight, message):
    with pytest.raises(UserError, match=message) as caught:
        record_video(dataclasses.replace(champion, **changes), tmp_path / "film.gif", weight)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_cuts_below_one_are_refused(tmp_path, champion):
    with pytest.raises(UserError, match="max_steps: expected at least 1, found 0"):
        record_video(champion, tmp_path / "film.gif", 1.0, max_steps=0)
