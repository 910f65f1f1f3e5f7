"""A run: every process on one data folder, from migrations to the last stop.

take the folder -> ports -> migrations -> Redis -> web, workers, demo shop -> story -> watch
"""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from app.launch.commands import run
from app.launch.errors import LaunchError
from app.launch.network import check_port, wait_until_up
from app.launch.redis_ping import check_given
from app.launch.redis_server import find_server, start_server
from app.launch.settings import ROOT, LaunchSettings
from app.launch.stages import Stages
from app.launch.supervisor import Child, Supervisor, death, tail

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCH_SECONDS = 0.2


class Stop(BaseException):
    """A person or the system asked this program to stop."""

    def __init__(self, number: int) -> None:
        self.number = number


def raise_stop(number: int, frame: FrameType | None) -> None:
    """The signal handler while a run is at work; the first signal counts."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise Stop(number)


class Run:
    """The processes of one run. Made by `running`, which stops them whatever happens."""

    def __init__(
        self,
        settings: LaunchSettings,
        stages: Stages,
        python: Path,
        env: Mapping[str, str],
        root: Path = ROOT,
    ) -> None:
        self.settings, self.stages, self.python, self.root = settings, stages, str(python), root
        self.supervisor = Supervisor(settings.data_dir, root, say=stages.say)
        self.env = {**os.environ, **_exported(settings), "PYTHONUNBUFFERED": "1", **env}

    def start(self, *, demo: bool) -> None:
        """Start everything and wait until it answers. Raises LaunchError with the mend."""
        self._take(demo)
        self._migrate()
        self._start_redis()
        children = [("web", self._start_web(), f"{self.settings.web_url}/healthz")]
        if demo:
            children.append(("demo shop", self._start_demo_shop(), f"{self.demo_url}/"))
        workers = self._start_workers()
        for name, child, url in children:
            with self.stages.stage(name) as stage:
                wait_until_up(url, lambda child=child: _must_live(child))  # type: ignore[misc]
                stage.detail = url.removesuffix("healthz").removesuffix("/")
        with self.stages.stage("workers") as stage:
            for child in workers:
                _must_live(child)
            stage.detail = str(len(workers))

    @property
    def demo_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.demo_port}"

    def tell_story(self, *arguments: str) -> Child:
        """Run the story to its end, the others watched; the child holds its exit code."""
        command = [self.python, "-m", "app.demo.story", "--shop", self.demo_url, *arguments]
        with self.stages.stage("story") as stage:
            story = self.supervisor.start("story", command, self.env, once=True)
            stage.progress = lambda: _last_line(story.log)
            while story.process.poll() is None:
                self.supervisor.check()
                time.sleep(0.05)
            stage.detail = _last_line(story.log)
        self.supervisor.forget(story)
        return story

    def sign_in_link(self) -> str:
        """A one-time link for the first person."""
        finished = run(
            [self.python, "-m", "app.cli", "staff", "link", "--json"], cwd=self.root, env=self.env
        )
        for line in reversed(finished.lines):
            try:
                return str(json.loads(line)["url"])
            except (ValueError, KeyError, TypeError):
                continue
        raise LaunchError(f"no sign-in link (exit {finished.code}):\n{finished.tail}")

    def watch(self, announcement: str) -> None:
        """Say that all is up, then watch the processes until a signal, which is the good end.

        Raises LaunchError when a process dies too often.
        """
        try:
            self.stages.say(announcement)
            while True:
                self.supervisor.check()
                time.sleep(WATCH_SECONDS)
        except Stop:
            self.stages.say("stopping …")

    def _take(self, demo: bool) -> None:
        with self.stages.stage("data folder") as stage:
            ended = self.supervisor.take()
            stage.detail = str(self.settings.data_dir)
            if ended:
                stage.detail = f"ended {ended} processes that a killed run left"
            check_port("PORT", self.settings.host, self.settings.port)
            if demo:
                check_port("DEMO_PORT", "127.0.0.1", self.settings.demo_port)

    def _migrate(self) -> None:
        with self.stages.stage("migrations") as stage:
            finished = run(
                [self.python, "-m", "app.cli", "db", "upgrade"], cwd=self.root, env=self.env
            )
            if finished.code:
                raise LaunchError("\n".join(finished.lines))
            stage.detail = finished.lines[-1] if finished.lines else ""

    def _start_redis(self) -> None:
        with self.stages.stage("redis") as stage:
            if url := self.settings.redis_url:
                check_given(url)
                stage.detail = "the one of REDIS_URL"
            else:
                server = find_server()
                url = self._start_embedded(server)
                stage.detail = f"embedded: {server.name}"
            self.env["REDIS_URL"] = url
            self.supervisor.note(redis_url=url)

    def _start_embedded(self, server: Path) -> str:
        folder = self.settings.data_dir / "redis"
        started: list[Child] = []

        def spawn(command: list[str], cwd: Path):  # type: ignore[no-untyped-def]
            for failed in started:
                self.supervisor.children.remove(failed)
            started[:] = [self.supervisor.start("redis", command, self.env, cwd=cwd)]
            return started[0].process

        sock = start_server(folder, spawn, server)
        self.supervisor.folders.append(sock.folder)
        return sock.url

    def _start_web(self) -> Child:
        """Two processes with many blocking threads each: a request waits for the disk most of its
        time, threads that wait together share one commit, and a Python uses one core. HTTP/1
        alone: a proxy in front speaks the rest."""
        options = ["--interface", "wsgi", "--http", "1", "--no-ws", "--log-level", "warning"]
        options += ["--workers", "2", "--blocking-threads", str(self.settings.web_threads)]
        options += ["--host", self.settings.host, "--port", str(self.settings.port)]
        options += ["--workers-kill-timeout", "5", "--backlog", "4096"]
        options += ["--http1-header-read-timeout", "5000"]  # slow heads must not hold connections
        return self.supervisor.start(
            "web", [self.python, "-m", "granian", *options, "wsgi:app"], self.env
        )

    def _start_workers(self) -> list[Child]:
        count = self.settings.workers
        names = ["worker"] if count == 1 else [f"worker-{n + 1}" for n in range(count)]
        return [
            self.supervisor.start(name, [self.python, "-m", "workers"], self.env) for name in names
        ]

    def _start_demo_shop(self) -> Child:
        self.env["DEMO_SHOP_URL"] = self.demo_url
        state = self.settings.data_dir / "demo-shop.sqlite3"
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.settings.demo_port),
            "--state",
            str(state),
        ]
        return self.supervisor.start(
            "demo-shop", [self.python, "-m", "app.demo", *options], self.env
        )


@contextmanager
def running(
    settings: LaunchSettings,
    stages: Stages,
    python: Path,
    env: Mapping[str, str],
    root: Path = ROOT,
) -> Iterator[Run]:
    """A Run that is stopped at the end of the block. A second signal kills instead of asking."""
    one = Run(settings, stages, python, env, root)
    try:
        yield one
    finally:
        for number in SIGNALS:
            signal.signal(number, lambda *_: one.supervisor.kill())
        one.supervisor.stop()


def _exported(settings: LaunchSettings) -> dict[str, str]:
    """What children are told outright, so that they and the launcher mean the same."""
    return {
        "DATA_DIR": str(settings.data_dir),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "DEMO_PORT": str(settings.demo_port),
    }


def _must_live(child: Child) -> None:
    if child.process.poll() is not None:
        raise LaunchError(death(child))


def _last_line(log: Path) -> str:
    return tail(log).rpartition("\n")[2].strip()[:46]
