"""Write-through storage of the shop's records in one SQLite file, so that a restart goes on.

One row for each record; the shop keeps everything in memory and reads the file only at start.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any


class Archive:
    """Collects changes and writes them together. Not thread-safe: the shop's lock guards it."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS record"
            " (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        self._pending: dict[tuple[str, str], str | None] = {}

    def load(self) -> dict[str, dict[str, Any]]:
        """Everything stored, as kind -> id -> record."""
        found: dict[str, dict[str, Any]] = {}
        for kind, key, body in self._db.execute("SELECT kind, id, body FROM record"):
            found.setdefault(kind, {})[key] = json.loads(body)
        return found

    def put(self, kind: str, key: object, record: object) -> None:
        """Note a record for the next flush."""
        self._pending[kind, str(key)] = json.dumps(record, ensure_ascii=False)

    def drop(self, kind: str, key: object) -> None:
        """Note that a record is gone."""
        self._pending[kind, str(key)] = None

    def flush(self) -> None:
        """Write what was noted, in one transaction."""
        if not self._pending:
            return
        rows, self._pending = self._pending, {}
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
            [(*key, body) for key, body in rows.items() if body is not None],
        )
        self._db.executemany(
            "DELETE FROM record WHERE kind = ? AND id = ?",
            [key for key, body in rows.items() if body is None],
        )
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Write the rest and close the file."""
        self.flush()
        self._db.close()
