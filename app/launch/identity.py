"""Which process is which, across runs: a pid alone is used again by the system.

A process is named by its pid and the moment it started. What a killed run left behind is ended
only when that proves it ours, or when it carries the run's own mark in its environment (Linux).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "KIKUBARI_RUN"
PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process, ever: `started` is opaque text, compared only for equality."""

    pid: int
    started: str

    @property
    def lives(self) -> bool:
        """Whether this very process still runs; one that is dead but not yet reaped does not."""
        return bool(self.started) and start_of(self.pid) == self.started


def identify(pid: int) -> Identity:
    """The identity of a running process; one that is gone never lives."""
    return Identity(pid, start_of(pid))


def start_of(pid: int) -> str:
    """When process `pid` started, as opaque text; empty when there is none, or only a zombie."""
    if not sys.platform.startswith("linux"):
        return _start_by_ps(pid)
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _start_by_ps(pid: int) -> str:
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, started = finished.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def marked(run: str) -> list[Identity]:
    """Processes whose environment carries `KIKUBARI_RUN=run`, other users' aside (Linux only)."""
    needle = f"{MARK}={run}".encode()
    found = []
    for folder in PROC.glob("[0-9]*") if run else ():
        with suppress(OSError):
            if needle in (folder / "environ").read_bytes().split(b"\0"):
                found.append(identify(int(folder.name)))
    return [one for one in found if one.lives and one.pid != os.getpid()]


def end(processes: Iterable[Identity], grace_seconds: float) -> int:
    """Ask each to stop, kill what is left after the grace; returns how many were running."""
    running = [process for process in processes if process.lives]
    _signal(running, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(process.lives for process in running):
        time.sleep(0.05)
    _signal([process for process in running if process.lives], signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(process.lives for process in running):
        time.sleep(0.02)
    return len(running)


def _signal(processes: Iterable[Identity], number: signal.Signals) -> None:
    """Signal each process, and the group it leads: our children lead one, with their helpers."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            leads = os.getpgid(process.pid) == process.pid
            (os.killpg if leads else os.kill)(process.pid, number)
