"""A path that a person gives, and the champion file that it means."""

import pytest

from storage.champion_path import find_champion_file
from wann.errors import UserError


def test_a_file_is_itself_and_a_run_has_one(tmp_path):
    (tmp_path / "champion.json").write_text("{}")
    (tmp_path / "other.json").write_text("{}")
    assert find_champion_file(tmp_path / "other.json") == tmp_path / "other.json"
    assert find_champion_file(tmp_path) == tmp_path / "champion.json"
    assert find_champion_file(str(tmp_path)) == tmp_path / "champion.json"


def test_the_nearest_name_is_told(tmp_path):
    (tmp_path / "swingup.json").write_text("{}")
    with pytest.raises(UserError, match=r"swingap.json: expected .* found nothing \(did you mean '.*swingup.json'\?\)"):
        find_champion_file(tmp_path / "swingap.json")


@pytest.mark.parametrize("name", ["none", "none/deeper", "x" * 5000, "nul\0l"])
def test_nothing_is_one_sentence(tmp_path, name):
    with pytest.raises(UserError, match="expected a champion file or a run directory") as caught:
        find_champion_file(tmp_path / name)
    assert "\n" not in str(caught.value) and "\0" not in str(caught.value)


def test_a_directory_without_a_champion(tmp_path):
    with pytest.raises(UserError, match=r"found a directory without champion\.json"):
        find_champion_file(tmp_path)
    (tmp_path / "config.yaml").write_text("")
    with pytest.raises(UserError, match=r"directory of a finished run, found a run without champion\.json$") as caught:
        find_champion_file(tmp_path)
    assert caught.value.resume == tmp_path
