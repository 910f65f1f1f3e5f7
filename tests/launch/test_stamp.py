"""A second start is instant because a stamp says what the environment holds."""

from pathlib import Path

import pytest

from app.launch import environment
from app.launch.stamp import drop_stamp, python_version, read_stamp, wanted_stamp, write_stamp


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==2\n")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def test_a_stamp_is_read_as_it_was_written(root: Path) -> None:
    stamp = wanted_stamp(root, "3.11.2", dev=True)
    write_stamp(root / ".venv", stamp)
    assert read_stamp(root / ".venv") == stamp


def test_an_environment_for_development_serves_a_start_but_not_the_other_way(root: Path) -> None:
    plain, dev = (wanted_stamp(root, "3.11.2", dev=dev) for dev in (False, True))
    assert dev.serves(plain)
    assert not plain.serves(dev)


def test_changed_requirements_or_another_python_need_work(root: Path) -> None:
    before = wanted_stamp(root, "3.11.2", dev=False)
    assert not before.serves(wanted_stamp(root, "3.12.0", dev=False))
    (root / "requirements.txt").write_text("a==2\n")
    assert not before.serves(wanted_stamp(root, "3.11.2", dev=False))


@pytest.mark.parametrize("text", ["", "[]", '{"python": "3"}', '{"other": 1}'])
def test_a_stamp_that_cannot_be_read_is_none(root: Path, text: str) -> None:
    (root / ".venv/kikubari-setup.json").write_text(text)
    assert read_stamp(root / ".venv") is None


def test_without_a_stamp_or_a_python_that_runs_nothing_is_set_up(root: Path) -> None:
    assert not environment.is_set_up(root)
    write_stamp(root / ".venv", wanted_stamp(root, "3.11.2", dev=False))
    assert python_version(root / ".venv/bin/python") == ""
    assert not environment.is_set_up(root)
    drop_stamp(root / ".venv")
    assert read_stamp(root / ".venv") is None


def test_this_checkout_ships_its_fonts() -> None:
    assert "shipped with the project" in environment.check_fonts(environment.ROOT)


def test_missing_fonts_are_told(root: Path) -> None:
    with pytest.raises(environment.LaunchError, match=r"no font in .* git checkout"):
        environment.check_fonts(root)
