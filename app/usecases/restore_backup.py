"""Put a backup in the place of the present state, which is set aside and never deleted.

    unpack and check -> does it fit? -> shut its gate, read its shops again
    -> the witness learns every number that both states know -> present aside, backup in its place

Each step leaves something that starts: the old state, the new one, or an empty one whose gate
the witness keeps shut.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import schema
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.installation import begin, highest_numbers, installation
from app.db.sqlite_file import TAIL, move_database, what_is_wrong
from app.db.stores import all_stores
from app.domain.backup import DATABASE, KEYS, Manifest
from app.domain.witness import Account, Halt, SeriesKey, Why
from app.errors import BackupUnusable, StorageUnavailable
from app.usecases.guard_numbers import halt_of, stop
from app.usecases.ports import Archive, Witness
from app.usecases.resume_installation import read_again

DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `aside`: where the present state went; `since`: how many numbers were given
    after the backup, as far as is known here."""

    manifest: Manifest
    halt: Halt | None
    since: int
    aside: list[str] = field(default_factory=list)


def restore_backup(
    db: Database,
    archive: Archive,
    witness: Witness,
    data_dir: Path,
    source: Path,
    *,
    who: str,
    now: datetime,
) -> Restored:
    """Restore `source`. The caller keeps runs away meanwhile.

    Raises:
        BackupUnusable: it is damaged, or does not fit; nothing was changed.
        StorageUnavailable: a file could not be moved; what was moved is back.
    """
    folder = Path(tempfile.mkdtemp(dir=data_dir, prefix=".restore-"))
    try:
        manifest = archive.read(source, folder)
        known = _known(db, witness)
        _check_fit(db, manifest, folder, known)
        tops = {(one.store_key, one.series): one.highest for one in manifest.series}
        copied = Database(f"sqlite:///{folder / DATABASE}") if db.is_sqlite else db
        halt = _shut(copied, manifest, who, now)
        if copied is not db:
            copied.dispose()
        witness.replace(_both(manifest.instance, known, tops))
        aside = _Aside(data_dir, now)
        _exchange(db, data_dir, folder, manifest, aside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    since = sum(max(0, one.top(key) - tops.get(key, 0)) for one in known for key in one.series)
    return Restored(manifest, halt, since, aside.places)


def _known(db: Database, witness: Witness) -> list[Account]:
    """What the witness and, if it can be read, the present database know."""
    written = witness.read()
    known = [written] if written is not None else []
    try:
        with db.read() as session:
            row = installation(session)
            highest = highest_numbers(session)
    except SQLAlchemyError:  # that may be why it is restored
        return known
    return [*known, Account(row.instance, highest)] if row is not None else known


def _check_fit(db: Database, manifest: Manifest, folder: Path, known: list[Account]) -> None:
    if manifest.database != db.is_sqlite:
        here, there = ("SQLite", "PostgreSQL") if db.is_sqlite else ("PostgreSQL", "SQLite")
        raise BackupUnusable(
            f"it was made with {there}, and this installation uses {here}",
            mend="set DATABASE_URL as it was then",
        )
    if any(one.series and one.instance != manifest.instance for one in known):
        raise BackupUnusable(
            "it belongs to another installation than this DATA_DIR, which has issued invoices",
            mend="set DATA_DIR to an empty folder",
        )
    if manifest.database and (wrong := what_is_wrong(folder / DATABASE)):
        raise BackupUnusable(f"its database is damaged ({wrong})", mend="take another backup")
    if not schema.is_known(manifest.revision):
        raise BackupUnusable(
            "it was made by a newer version", mend="restore it with that version, or a later one"
        )


def _shut(db: Database, manifest: Manifest, who: str, now: datetime) -> Halt | None:
    """Bring the database up to date, and let nothing leave it before the owner has answered."""
    schema.upgrade(db)
    with db.write() as session:
        row = begin(session, manifest.instance, now)
        row.backup_at = manifest.created_at
        stop(session, row, Why.RESTORED, now)
        audit(session, now, who, "backup.restore", backup_at=manifest.created_at.isoformat())
        _read_all_again(session, manifest.created_at, now)
        return halt_of(row)


def _read_all_again(session: Session, since: datetime, now: datetime) -> None:
    for store in all_stores(session):
        read_again(session, store.id, since, now)


def _both(instance: str, known: list[Account], tops: dict[SeriesKey, int]) -> Account:
    """The highest of what anyone knows."""
    highest, taken = dict(tops), dict(tops)
    for one in known:
        for key in one.series:
            highest[key] = max(highest.get(key, 0), one.highest.get(key, 0))
            taken[key] = max(taken.get(key, 0), one.top(key))
    return Account(instance, highest, taken)


class _Aside:
    """Moves things out of the way, and remembers how to move them back."""

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._name = f"before-restore-{now:%Y%m%dT%H%M%SZ}"
        self._data_dir, self._moves = data_dir, list[tuple[Path, Path]]()
        self.places = list[str]()

    def move(self, path: Path) -> None:
        """Into a folder beside it, on its own file system."""
        if not path.exists():
            return
        folder = path.parent / self._name
        for number in range(2, 1000):
            if not (folder / path.name).exists():
                break
            folder = path.parent / f"{self._name}-{number}"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.rename(path, folder / path.name)
        if str(folder) not in self.places:
            self.places.append(str(folder))

    def rename(self, path: Path, target: Path) -> None:
        path.rename(target)
        self._moves.append((path, target))

    def undo(self) -> None:
        for path, target in reversed(self._moves):
            target.rename(path)


def _exchange(
    db: Database, data_dir: Path, folder: Path, manifest: Manifest, aside: _Aside
) -> None:
    names = {member.name for member in manifest.members}
    try:
        aside.move(data_dir / DOCUMENTS)
        if (folder / DOCUMENTS).exists():
            aside.rename(folder / DOCUMENTS, data_dir / DOCUMENTS)
        for key in names.intersection(KEYS):
            aside.move(data_dir / key)
            aside.rename(folder / key, data_dir / key)
        if db.is_sqlite:
            with db.closed() as path:
                for end in TAIL:
                    aside.move(path.with_name(path.name + end))
                move_database(folder / DATABASE, path)
    except OSError as error:
        aside.undo()
        raise StorageUnavailable(
            f"the present state could not be set aside ({error})",
            mend="nothing was changed; check the rights on DATA_DIR",
        ) from error
