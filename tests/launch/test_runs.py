"""What a person who types `python3 run.py …` gets; what it starts are stubs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.launch.identity import Identity, identify, marked
from app.launch.network import free_ports

from .conftest import Project

LINUX = sys.platform.startswith("linux")


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """What the process printed up to the line that holds `text`."""
    lines = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"{text!r} was never printed:\n{''.join(lines)}")


def processes(project: Project) -> dict[str, Identity]:
    note = json.loads((project.data_dir / "run/processes.json").read_text())
    return {child["name"]: Identity(child["pid"], child["started"]) for child in note["children"]}


def wait_for_end(running: list[Identity], seconds: float = 15) -> list[Identity]:
    """Those that still run after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(one.lives for one in running):
        time.sleep(0.02)
    return [one for one in running if one.lives]


def test_the_demo_once_shows_its_stages_and_writes_its_report(project: Project) -> None:
    report = project.folder / "out.json"
    done = project.run("demo", "--once", "--json", str(report))
    assert done.returncode == 0, done.stderr
    told = json.loads(report.read_text())
    names = [stage["name"] for stage in told["stages"]]
    assert names == ["data folder", "migrations", "redis", "web", "demo shop", "workers", "story"]
    assert all(name in done.stdout for name in names)
    assert told["seconds"] >= sum(stage["seconds"] for stage in told["stages"]) - 0.01
    assert (told["deliveries"], told["mails"], told["notices"]) == (4, 2, [])
    assert Path(told["invoices"][0]["pdf"]).exists()


def test_the_demo_once_leaves_no_process_and_no_socket(project: Project) -> None:
    before = set(Path("/tmp").glob("kikubari-*"))
    done = project.run("demo", "--once", DEMO_TEST="x" * 20)
    assert done.returncode == 0
    assert not list(project.data_dir.glob("demo-once/*/run/processes.json"))
    assert not [
        one for one in set(Path("/tmp").glob("kikubari-*")) - before if (one / "s.sock").exists()
        and str(project.data_dir) in (one / "redis.conf").read_text()
    ]  # fmt: skip


def test_the_demo_once_touches_nothing_of_a_real_installation(project: Project) -> None:
    done = project.run(
        "demo", "--once",
        PORT="1", DATABASE_URL="postgresql://nobody@127.0.0.1:1/real",
        REDIS_URL="redis://127.0.0.1:1/0", PUBLIC_URL="https://shop.example",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_only_the_last_few_folders_of_the_demo_once_are_kept(project: Project) -> None:
    mine = project.data_dir / "demo-once" / "notes of mine"
    mine.mkdir(parents=True)
    for day in range(1, 6):
        (mine.parent / f"2026010{day}-120000-7").mkdir()
    assert project.run("demo", "--once").returncode == 0
    assert mine.exists()
    assert len(list(mine.parent.glob("2*"))) == 3  # this one's and two earlier ones


def test_a_story_that_lacks_something_ends_the_demo_non_zero_and_says_what(
    project: Project,
) -> None:
    report = project.folder / "out.json"
    done = project.run("demo", "--once", "--json", str(report), STUB_STORY_FAILS="1")
    assert done.returncode == 1
    assert "missing: 1 delay notice" in done.stdout
    assert json.loads(report.read_text())["mails"] == 2


@pytest.mark.parametrize("name", ["with a space", "long" * 38])
def test_the_demo_runs_in_a_data_folder_with_a_space_or_a_long_name(
    project: Project, tmp_path: Path, name: str
) -> None:
    done = project.run("demo", "--once", DATA_DIR=str(tmp_path / name))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_ends_with_one_line_that_holds_the_link(project: Project) -> None:
    run = project.start("demo")
    *_, last = read_until(run, "Ready in").splitlines()
    assert last.endswith(f"http://127.0.0.1:{project.port}/staff/link/abc")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_process(project: Project, number: signal.Signals) -> None:
    run = project.start("demo")
    read_until(run, "Ready in")
    running = list(processes(project).values())
    assert len(running) == 4
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert not [one for one in running if one.lives]
    assert not (project.data_dir / "run/processes.json").exists()


def test_a_killed_run_does_not_hinder_the_next(project: Project) -> None:
    run = project.start("demo")
    read_until(run, "Ready in")
    run_id = json.loads((project.data_dir / "run/processes.json").read_text())["run"]
    running = list(processes(project).values())
    run.kill()
    run.communicate()
    if LINUX:
        assert not wait_for_end(running)
        assert not wait_for_end(marked(run_id))
    again = project.start("demo")
    read_until(again, "Ready in")
    assert not [one for one in running if one.lives]


def test_a_killed_group_does_not_hinder_the_next(project: Project) -> None:
    run = project.start("demo")
    read_until(run, "Ready in")
    for one in [identify(run.pid), *processes(project).values()]:
        os.kill(one.pid, signal.SIGKILL)
    run.communicate()
    folders = json.loads((project.data_dir / "run/processes.json").read_text())["folders"]
    again = project.start("demo")
    read_until(again, "Ready in")
    assert folders
    assert not any(Path(folder).exists() for folder in folders)


def test_a_second_run_on_the_same_folder_says_so(project: Project) -> None:
    first = project.start("serve")
    read_until(first, "Kikubari serves at")
    second = project.run("serve", PORT=str(free_ports(1)[0]))
    assert second.returncode == 1
    assert f"another run (process {first.pid}) uses {project.data_dir}" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.poll() is None


def test_a_port_that_is_taken_is_named_with_the_mend(project: Project) -> None:
    with socket.create_server(("127.0.0.1", project.port)):
        done = project.run("serve")
    assert done.returncode == 1
    assert f"port {project.port} on 127.0.0.1 is taken" in done.stderr
    assert "PORT=" in done.stderr.split("choose another:")[1]


def test_a_wrong_setting_stops_the_start_with_the_applications_own_words(project: Project) -> None:
    done = project.run("serve", STUB_BAD_SETTING="1")
    assert done.returncode == 1
    assert "SECRET_KEY is too short; set one of 32 characters or more" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_cannot_live_is_shown_with_its_log(project: Project) -> None:
    done = project.run("serve", STUB_WORKER_DIES="1")
    assert done.returncode == 1
    assert "the worker cannot go on" in done.stdout + done.stderr
    assert str(project.data_dir / "logs/worker.log") in done.stdout + done.stderr


def test_a_worker_that_dies_is_started_again(project: Project) -> None:
    run = project.start("serve")
    read_until(run, "Kikubari serves at")
    before = processes(project)
    os.kill(before["worker"].pid, signal.SIGKILL)
    read_until(run, "worker starts again")
    deadline = time.monotonic() + 10
    while processes(project)["worker"] == before["worker"] and time.monotonic() < deadline:
        time.sleep(0.05)
    after = processes(project)
    assert after["worker"].lives
    assert after["web"] == before["web"]


def test_every_other_word_goes_to_the_command_line_with_its_exit_code(
    project: Project, tmp_path: Path
) -> None:
    done = project.run(
        "store", "add", "--json", "--help", cwd=tmp_path, PYTHONPATH=str(project.folder)
    )
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert told["words"] == ["store", "add", "--json", "--help"]
    assert told["cwd"] == str(tmp_path)


def test_the_command_line_reaches_the_embedded_redis_of_a_run_at_work(project: Project) -> None:
    run = project.start("serve")
    read_until(run, "Kikubari serves at")
    url = json.loads(project.run("inbox", "list").stdout)["redis"]
    assert url.startswith("unix:///tmp/kikubari-")
    run.terminate()
    run.communicate(timeout=30)
    assert json.loads(project.run("inbox", "list").stdout)["redis"] == ""


@pytest.mark.parametrize("word", ["demo", "serve", "setup", "test"])
def test_every_word_explains_itself_with_an_example(project: Project, word: str) -> None:
    done = project.run(word, "--help")
    assert done.returncode == 0
    assert f"python3 run.py {word}" in done.stdout.split("example:")[1]


def test_help_names_every_word(project: Project) -> None:
    done = project.run("--help")
    assert done.returncode == 0
    for word in (
        "demo --once",
        "serve",
        "setup [--dev]",
        "test",
        "chaos",
        "mcp --store",
        "store",
        "PORT=",
    ):
        assert word in done.stdout


def test_an_option_without_a_word_and_a_report_without_once_are_refused(project: Project) -> None:
    assert "options come after a word" in project.run("--once").stderr
    assert "--json goes with --once" in project.run("demo", "--json", "x").stderr
