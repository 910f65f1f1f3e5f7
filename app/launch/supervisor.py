"""Starts the processes of a run, watches them, restarts what dies, and stops everything.

    lock the data folder -> end what a killed run left -> start … -> check, check, … -> stop

`DATA_DIR/run/processes.json` says at every moment who runs, so that the next run can end it.
"""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.launch.children import guarded
from app.launch.errors import LaunchError
from app.launch.identity import MARK, Identity, end, identify, marked
from app.launch.redis_server import Socket

GRACE_SECONDS = 10.0
RESTARTS = 4
FORGET_SECONDS = 300.0
LOG_LINES = 15
LOG_BYTES = 5_000_000
STARTED = "== started ==\n"


@dataclass
class Child:
    """One process of the run, and its successors when it dies."""

    name: str
    argv: list[str]
    cwd: Path
    env: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes]"
    started_at: float
    once: bool = False
    deaths: int = 0
    restart_at: float | None = None


@dataclass
class Supervisor:
    """The processes on one data folder. Used from one thread; `stop` is safe to repeat."""

    data_dir: Path
    root: Path
    say: Any = print
    children: list[Child] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    _lock: IO[bytes] | None = None

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def _note(self) -> Path:
        return self.data_dir / "run" / "processes.json"

    def take(self) -> int:
        """Take the data folder for this run; returns how many leftovers were ended.

        Raises LaunchError when another run has it, or when it cannot be written.
        """
        os.umask(0o077)  # what this run and its children write is personal data
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self._note.parent, self.log_dir):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self._note.parent / "lock").open("ab")
        except OSError as error:
            raise LaunchError(
                f"DATA_DIR {self.data_dir} cannot be written ({error.strerror}); set DATA_DIR to"
                " a folder that can"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise LaunchError(self._taken()) from None
        return self._end_leftovers()

    def start(
        self,
        name: str,
        argv: list[str],
        env: Mapping[str, str],
        *,
        cwd: Path | None = None,
        once: bool = False,
    ) -> Child:
        """Start a child; its output goes to `DATA_DIR/logs/NAME.log`.

        `once`: it is meant to end; `check` leaves it alone.
        """
        log = self.log_dir / f"{name}.log"
        with suppress(FileNotFoundError):
            if log.stat().st_size > LOG_BYTES:
                log.replace(log.with_suffix(".log.1"))
        full = {**env, MARK: self.run}
        process = _spawn(argv, cwd or self.root, full, log)
        child = Child(name, argv, cwd or self.root, full, log, process, time.monotonic(), once)
        self.children.append(child)
        self._write_note()
        return child

    def forget(self, child: Child) -> None:
        """Keep `child`, which has ended, out of the list of who runs."""
        self.children.remove(child)
        self._write_note()

    def note(self, **facts: str) -> None:
        """Keep facts about this run for whoever asks `running_facts`."""
        self.facts.update(facts)
        self._write_note()

    def check(self) -> None:
        """Restart what died, later each time; raises LaunchError when one dies too often."""
        now = time.monotonic()
        for child in [child for child in self.children if not child.once]:
            if child.restart_at is None and child.process.poll() is not None:
                self._has_died(child, now)
            elif child.restart_at is not None and now >= child.restart_at:
                child.process = _spawn(child.argv, child.cwd, child.env, child.log)
                child.started_at, child.restart_at = now, None
                self._write_note()

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask the children to stop, the last started first; kill what is left after the grace."""
        end_processes([child.process for child in reversed(self.children)], grace_seconds)
        end(marked(self.run), 1.0)
        self.children.clear()
        for folder in self.folders:
            Socket(folder).remove()
        self._note.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def kill(self) -> None:
        """End every child at once; for a person who does not want to wait for `stop`."""
        for child in self.children:
            _signal_group(child.process, signal.SIGKILL)

    def _has_died(self, child: Child, now: float) -> None:
        if now - child.started_at > FORGET_SECONDS:
            child.deaths = 0
        child.deaths += 1
        # Helpers that it left behind would hold its port or its work.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        if child.deaths > RESTARTS:
            raise LaunchError(f"{death(child)}\n{child.name} died {child.deaths} times; giving up")
        pause = 0.5 * 2 ** (child.deaths - 1)
        child.restart_at = now + pause
        self.say(f"{death(child)}\n{child.name} starts again in {pause:g} s")

    def _taken(self) -> str:
        kept = _read(self._note)
        who = f" (process {kept['pid']})" if isinstance(kept.get("pid"), int) else ""
        return (
            f"another run{who} uses {self.data_dir}; stop it, or give this one a folder and a port"
            " of its own: DATA_DIR=… PORT=… DEMO_PORT=…"
        )

    def _write_note(self) -> None:
        running = [(child.name, identify(child.process.pid)) for child in self.children]
        own = identify(os.getpid())
        kept = {
            "run": self.run,
            "pid": own.pid,
            "started": own.started,
            "facts": self.facts,
            "children": [{"name": n, "pid": i.pid, "started": i.started} for n, i in running],
            "folders": [str(folder) for folder in self.folders],
        }
        draft = self._note.with_suffix(".draft")
        draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        draft.replace(self._note)

    def _end_leftovers(self) -> int:
        kept = _read(self._note)
        try:
            left = {Identity(one["pid"], one["started"]) for one in kept.get("children", [])}
            left |= set(marked(str(kept.get("run", ""))))
            folders = [Path(folder) for folder in kept.get("folders", [])]
        except (KeyError, TypeError):
            return 0
        count = end(left, GRACE_SECONDS)
        for folder in folders:
            Socket(folder).remove()
        return count


def running_facts(data_dir: Path) -> dict[str, str]:
    """What the run that is at work on `data_dir` noted about itself; empty without such a run."""
    kept = _read(data_dir / "run" / "processes.json")
    try:
        return dict(kept["facts"]) if Identity(kept["pid"], kept["started"]).lives else {}
    except (KeyError, TypeError, ValueError):
        return {}


def death(child: Child) -> str:
    """How a child ended: its exit code, the last lines of its log, and the log's name."""
    code = child.process.returncode
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"{child.name} {how}. The end of {child.log}:\n{tail(child.log)}"


def tail(log: Path) -> str:
    """The last lines of a log since its process started, indented."""
    with suppress(OSError):
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            text = file.read().decode(errors="replace").rpartition(STARTED)[2]
            lines = text.strip().splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines)
    return "    (no log)"


def end_processes(processes: "list[subprocess.Popen[bytes]]", grace_seconds: float) -> None:
    """Ask each process group to stop, kill what is left after the grace, and reap."""
    for process in processes:
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _spawn(
    argv: list[str], cwd: Path, env: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        output.write(f"== {time.strftime('%Y-%m-%d %H:%M:%S %z')} {STARTED}".encode())
        output.flush()
        return subprocess.Popen(
            guarded(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )


def _read(note: Path) -> dict[str, Any]:
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
