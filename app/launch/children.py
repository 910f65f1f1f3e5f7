"""Starts a program that ends with its parent: `python children.py PARENT_PID PROGRAM …`.

Linux only (elsewhere the next run ends leftovers). A program of its own instead of code between
fork and exec, which is not safe beside threads; it becomes PROGRAM, so pid and start stay.
"""

import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def guarded(argv: list[str]) -> list[str]:
    """The command that runs `argv` and has the kernel stop it when this process ends.

    Start it from the main thread: the end of the thread that started it is what counts.
    """
    if not sys.platform.startswith("linux"):
        return argv
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), *argv]


def _become(parent: int, argv: list[str]) -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (ImportError, OSError, AttributeError):
        pass  # a Python without ctypes: the next run ends leftovers
    if os.getppid() == parent:
        os.execvp(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    try:
        _become(int(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        print(f"{sys.argv[2]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)
