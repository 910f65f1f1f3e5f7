"""A project of stubs to run, and the real launcher to run it with."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.launch.network import free_ports
from app.launch.supervisor import Supervisor

from .stub_project import ROOT, write_stub_project


class Project:
    """A stub project with a data folder and ports of its own; `run` and `start` are `run.py`."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_stub_project(folder / "project")
        self.data_dir = folder / "data"
        self.port, self.demo_port = free_ports(2)
        self.started: list[subprocess.Popen[str]] = []

    def environ(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL")}
        ports = {"PORT": str(self.port), "DEMO_PORT": str(self.demo_port), "WORKERS": "1"}
        return {**kept, "DATA_DIR": str(self.data_dir), **ports, **more}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, str(self.folder / "drive.py"), str(ROOT), *words]

    def run(
        self, *words: str, cwd: Path | None = None, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            env=self.environ(**env),
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        one = subprocess.Popen(
            self.command(*words),
            env=self.environ(**env),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(one)
        return one


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A stub project; whatever was started from it is stopped."""
    project = Project(tmp_path)
    yield project
    for one in project.started:
        one.terminate()
        one.communicate(timeout=30)
    leftovers = Supervisor(project.data_dir, ROOT)
    leftovers.take()
    leftovers.stop()
