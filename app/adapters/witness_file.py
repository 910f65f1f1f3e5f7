"""The witness: `DATA_DIR/witness.jsonl`, the numbers that were given, outside the database.

One JSON object a line: first whose numbers they are, then `taken` (flushed to the disk before
the transaction commits) and `seen` (after it). Lines are only added; a long file is written anew
and renamed. A last line that was cut off by a crash is passed over.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.witness import Account, SeriesKey
from app.errors import NumberInUse, StorageUnavailable
from app.said import Said

LONGEST = 64 * 1024
FOR_EACH_SERIES = 400
"""Bytes from which on the file is written anew, with two lines for each series."""


class WitnessFile:
    """Shared by all processes of a machine, under a lock of the kernel's."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "witness.jsonl"
        self._lock_path = folder / "witness.lock"
        self._turn = threading.Lock()
        self._place: tuple[int, int] = (0, 0)
        self._known: Account | None = None

    def read(self) -> Account | None:
        """What is written down; None where there is no witness."""
        try:
            with self._turn:
                return self._read()
        except OSError as error:
            raise StorageUnavailable(
                Said("%(path)s cannot be read (%(why)s)", path=self._path, why=error.strerror),
                mend=Said("make it readable"),
            ) from error

    def begin(self, account: Account) -> None:
        """Write a witness where there is none, or one without numbers."""
        with self._alone():
            known = self._read()
            if known is None or not known.series:
                self._write(account)

    def replace(self, account: Account) -> None:
        """Write the witness anew, whatever it said."""
        with self._alone():
            self._write(account)

    def take(self, series: SeriesKey, number: int) -> None:
        """Write down, on the disk when this returns, that a number is about to be used.

        Raises:
            NumberInUse: it was used before.
            StorageUnavailable: there is no witness, or it cannot be written.
        """
        with self._alone():
            known = self._read()
            if known is None:
                raise StorageUnavailable(
                    Said("%(file)s is gone", file=self._path.name), mend=Said("see db status")
                )
            if number <= known.highest.get(series, 0):
                raise NumberInUse(
                    Said("number %(number)s was used before", number=number), retry=60.0
                )
            if self._place[1] > LONGEST + FOR_EACH_SERIES * len(known.series):
                self._write(known)
            self._append({"store": series[0], "series": series[1], "taken": number}, sync=True)

    def saw(self, highest: Mapping[SeriesKey, int], *, sync: bool) -> None:
        """Write down that these numbers are in use. `sync`: on the disk when this returns."""
        with self._alone():
            known = self._read()
            news = {
                series: number
                for series, number in highest.items()
                if known is not None and number > known.highest.get(series, 0)
            }
            for (store, series), number in news.items():
                self._append({"store": store, "series": series, "seen": number}, sync=sync)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._turn, self._lock_path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageUnavailable(
                Said("%(path)s cannot be written (%(why)s)", path=self._path, why=error.strerror),
                mend=Said("check that the disk of DATA_DIR has room and that it can be written"),
            ) from error

    def _read(self) -> Account | None:
        """Only what was added since the last time is read; all of it where the file is new."""
        try:
            with self._path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                size = os.fstat(file.fileno()).st_size
                if inode != self._place[0] or size < self._place[1]:
                    self._place, self._known = (inode, 0), None
                file.seek(self._place[1])
                data = file.read()
        except FileNotFoundError:
            self._place, self._known = (0, 0), None
            return None
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._known = _after(self._known, line)
        self._place = (inode, self._place[1] + len(whole))
        return self._known

    def _append(self, line: dict[str, Any], *, sync: bool) -> None:
        fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.fstat(fd).st_size > self._place[1]:
                os.ftruncate(fd, self._place[1])  # what a crash cut off
            os.pwrite(fd, _line(line), self._place[1])
            if sync:
                getattr(os, "fdatasync", os.fsync)(fd)  # macOS has the slower one alone
        finally:
            os.close(fd)
        self._read()

    def _write(self, account: Account) -> None:
        lines = [{"format": 1, "instance": account.instance}]
        for store, series in sorted(account.series):
            key = {"store": store, "series": series}
            lines.append({**key, "taken": account.taken.get((store, series), 0)})
            lines.append({**key, "seen": account.highest.get((store, series), 0)})
        part = self._path.with_suffix(".part")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.writelines(map(_line, lines))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        sync_folder(self._path.parent)
        self._place, self._known = (0, 0), None
        self._read()


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk: after this a rename in it stays."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _after(known: Account | None, line: bytes) -> Account | None:
    """What is known after one more line; a line that says nothing changes nothing."""
    try:
        said = json.loads(line)
    except ValueError:
        return known
    if not isinstance(said, dict):
        return known
    if "instance" in said:
        return Account(str(said["instance"]), {}, {})
    if known is None or "store" not in said:
        return known
    key = (str(said["store"]), str(said["series"]))
    highest, taken = dict(known.highest), dict(known.taken)
    if said.get("seen"):
        highest[key] = max(highest.get(key, 0), int(said["seen"]))
    if said.get("taken"):
        taken[key] = max(taken.get(key, 0), int(said["taken"]))
    return Account(known.instance, highest, taken)
