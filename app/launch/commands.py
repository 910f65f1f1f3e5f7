"""Runs a helper command to its end, for set-up: output gathered, nothing left running."""

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.launch.children import guarded

KEPT_LINES = 25


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code and the last lines that it printed."""

    code: int
    lines: list[str]

    @property
    def tail(self) -> str:
        return "\n".join(f"    {line}" for line in self.lines[-KEPT_LINES:])


def run(
    argv: list[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
    keep: int = KEPT_LINES,
) -> Finished:
    """Run `argv` without standard input and wait for it; a program that is missing is code 127.

    The command gets a process group of its own, so that it and its helpers end together when
    this process is interrupted, and it ends with this process when that is killed (Linux): a
    package manager that goes on alone would get in the way of the next run.
    """
    lines: deque[str] = deque(maxlen=keep)
    try:
        child = subprocess.Popen(
            guarded(argv),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        return Finished(127, [str(error)])
    try:
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                lines.append(line.rstrip())
                on_line(line.rstrip())
        return Finished(child.wait(), list(lines))
    finally:
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
