"""Save everything that cannot be had again, as one file, while web and workers run."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from app.db import schema
from app.db.engine import Database
from app.db.installation import begin, highest_numbers
from app.db.sqlite_file import copy_database
from app.db.stores import all_stores
from app.domain.backup import DATABASE, FORMAT, KEYS, Manifest, Member, SeriesTop
from app.errors import StorageUnavailable
from app.usecases.ports import Archive


def keep_backup(
    db: Database, archive: Archive, data_dir: Path, target: Path, *, keys: bool, now: datetime
) -> Manifest:
    """Write a backup to `target`, which is replaced where it exists.

    It holds the database (SQLite; a PostgreSQL database is dumped apart), the documents' files
    and, with `keys`, the key files.

    Raises:
        StorageUnavailable: something could not be read or written; `target` is as it was.
    """
    with db.write() as session:
        begin(session, str(uuid4()), now)
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".backup-") as folder:
        copied, files = _copied(db, Path(folder) / DATABASE), []
        if db.is_sqlite:
            files.append((DATABASE, copied.path))
        files += _documents(data_dir)
        files += [(name, data_dir / name) for name in KEYS if keys]
        about = _about(copied, now, has_database=db.is_sqlite)
        if copied is not db:
            copied.dispose()

        def finish(members: list[Member]) -> Manifest:
            return about.model_copy(update={"members": tuple(members)})

        return archive.write(target, files, finish)


def _copied(db: Database, path: Path) -> Database:
    """A copy of the database that stands still; PostgreSQL itself."""
    if not db.is_sqlite:
        return db
    try:
        copy_database(db.path, path)
    except (sqlite3.Error, OSError) as error:
        raise StorageUnavailable(
            f"the database could not be copied ({error})",
            mend="check that the disk of DATA_DIR has room",
        ) from error
    return Database(f"sqlite:///{path}")


def _about(db: Database, now: datetime, *, has_database: bool) -> Manifest:
    with db.read() as session:
        return Manifest(
            format=FORMAT,
            instance=begin(session, "", now).instance,
            created_at=now,
            revision=schema.present(db),
            database=has_database,
            series=tuple(_tops(session)),
            members=(),
        )


def _tops(session: Session) -> Iterator[SeriesTop]:
    names = {store.key: store.name for store in all_stores(session)}
    for (key, series), highest in sorted(highest_numbers(session).items()):
        yield SeriesTop(store=names[key], store_key=key, series=series, highest=highest)


def _documents(data_dir: Path) -> list[tuple[str, Path]]:
    found = sorted((data_dir / "documents").glob("*/*.pdf"))
    return [(path.relative_to(data_dir).as_posix(), path) for path in found]
