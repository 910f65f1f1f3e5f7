"""The launcher reads its few settings from the environment, else from `.env`."""

from pathlib import Path

import pytest

from app.launch.errors import LaunchError
from app.launch.settings import parse_dotenv, read_settings


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PORT=8010", "8010"),
        ("  export PORT = 8010  ", "8010"),
        ("PORT=8010 # the usual one is taken", "8010"),
        ('PORT="80 10"', "80 10"),
        ("PORT='80#10' # why", "80#10"),
        ('PORT="a\\"b\\nc"', 'a"b\nc'),
        ("PORT=a#b", "a#b"),
        ("PORT=", ""),
        ("PORT= # nothing", ""),
    ],
)
def test_a_line_of_dotenv(line: str, value: str) -> None:
    assert parse_dotenv(f"# comment\n\n{line}\n") == {"PORT": value}


def test_what_is_no_assignment_is_passed_over() -> None:
    assert parse_dotenv("# PORT=1\nnonsense\n1A=2\n") == {}


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=8010\nDEMO_PORT=8011\n")
    settings = read_settings(tmp_path, {"PORT": "8020"})
    assert (settings.port, settings.demo_port, settings.host) == (8020, 8011, "127.0.0.1")


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {"PORT": "", "DATA_DIR": ""}).port == 8000


def test_the_data_folder_is_absolute_and_relative_to_the_project(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {}).data_dir == tmp_path.resolve() / "data"
    assert (
        read_settings(tmp_path, {"DATA_DIR": "my data"}).data_dir == tmp_path.resolve() / "my data"
    )
    assert read_settings(tmp_path, {"DATA_DIR": "/srv/x"}).data_dir == Path("/srv/x")


@pytest.mark.parametrize(("name", "value"), [("PORT", "80a"), ("PORT", "70000"), ("WORKERS", "0")])
def test_a_wrong_number_is_named_with_its_mend(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(LaunchError, match=f'{name}="{value}" is no whole number from .* mend'):
        read_settings(tmp_path, {name: value})


def test_a_wildcard_host_is_reached_by_loopback(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {"HOST": "0.0.0.0"}).web_url == "http://127.0.0.1:8000"
    assert read_settings(tmp_path, {"HOST": "::"}).web_url == "http://[::1]:8000"
