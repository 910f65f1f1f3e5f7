"""Rendered documents below the data folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class DiskFiles:
    """Writes whole files or nothing: a temporary file, flushed to the disk, then renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, name: str, data: bytes) -> str:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name

    def load(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        (self._root / path).unlink(missing_ok=True)
