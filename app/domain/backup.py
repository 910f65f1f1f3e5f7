"""What a backup says of itself, and what may stand in one."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import BackupUnusable

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.sqlite3"
KEYS = ("secret.key", "encryption.key")
_DOCUMENT = re.compile(r"documents/\d{1,18}/\d{1,18}\.pdf")


class Member(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    size: int
    sha256: str


class SeriesTop(BaseModel):
    """The highest number of a series when the backup was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    store_key: str
    series: str
    highest: int


class Manifest(BaseModel):
    """The last member of a backup. `database` is False where the database is on PostgreSQL, whose
    dump is kept apart; `revision` is that of its schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    instance: str
    created_at: datetime
    revision: str
    database: bool
    series: tuple[SeriesTop, ...]
    members: tuple[Member, ...]


def read_manifest(text: bytes) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupUnusable: it is none, of another format, or names what no backup of ours holds.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BackupUnusable("its manifest cannot be read", mend=OTHER) from error
    if manifest.format != FORMAT:
        raise BackupUnusable(
            f"it has the format {manifest.format}, this version reads {FORMAT}",
            mend="restore it with the version that made it",
        )
    strange = [member.name for member in manifest.members if not may_hold(member.name)]
    if strange:
        raise BackupUnusable(f"it holds {strange[0][:80]!r}, which is none of ours", mend=OTHER)
    return manifest


OTHER = "take another backup"


def may_hold(name: str) -> bool:
    """Whether a file of this name belongs into a backup: nothing that leads elsewhere does."""
    return name == DATABASE or name in KEYS or _DOCUMENT.fullmatch(name) is not None
