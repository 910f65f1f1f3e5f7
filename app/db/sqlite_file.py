"""A SQLite database as a file: copied while it is in use, checked, and exchanged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

TAIL = ("", "-wal", "-shm")
"""What a database consists of while it is open, by the end of the file's name."""


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy (SQLite's online backup). In one step: in parts it would begin again
    with every commit of another process, and in WAL mode it holds up no writer.

    Raises:
        OSError, sqlite3.Error: it could not be read or written.
    """
    target.touch(mode=0o600, exist_ok=False)
    address = f"file:{_quoted(source)}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=30)) as one,
        closing(sqlite3.connect(target)) as other,
    ):
        one.backup(other)
        other.execute("PRAGMA journal_mode=DELETE")


def what_is_wrong(path: Path) -> str | None:
    """What SQLite's own check finds; None: nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return None if said == "ok" else said


def move_database(source: Path, target: Path) -> None:
    """Move a database with what belongs to it."""
    for end in TAIL:
        part = source.with_name(source.name + end)
        if part.exists():
            shutil.move(part, target.with_name(target.name + end))


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
