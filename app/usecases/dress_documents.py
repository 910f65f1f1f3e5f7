"""A shop's logo and own template: checked, kept under their hash, and named in its settings.

bytes -> check (may refuse) -> one transaction: the file kept, the settings' next version
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.db import assets
from app.db.engine import Database
from app.domain.invoice import Design
from app.usecases.manage_stores import find_store, write_settings

Part = Literal["logo", "template"]
Kept = tuple[str, bytes]
"""Media type and bytes."""
Check = Callable[[bytes], Kept]
"""What is fit to be kept of what was handed in. Raises FileRefused."""


def keep_file(db: Database, name: str, part: Part, kept: Kept, *, who: str, now: datetime) -> str:
    """Keep a file that passed its check, and use it for the shop's documents from now on; its
    SHA-256. Documents that were issued keep the look they were issued with.

    Raises:
        UnknownStore: no store has this name.
    """
    media_type, body = kept
    digest = hashlib.sha256(body).hexdigest()
    with db.write() as session:
        store = find_store(session, name)
        row = {"store_id": store.id, "sha256": digest, "media_type": media_type, "body": body}
        assets.keep(session, {**row, "saved_at": now, "saved_by": who})
        write_settings(session, store, {"documents": {part: digest}}, who=who, now=now)
    return digest


def take_away(db: Database, name: str, part: Part, *, who: str, now: datetime) -> None:
    """Use no such file any more. It is kept for the documents that were issued with it.

    Raises:
        UnknownStore: no store has this name.
    """
    with db.write() as session:
        store = find_store(session, name)
        write_settings(session, store, {"documents": {part: ""}}, who=who, now=now)


def files_of(session: Session, store_id: int, design: Design) -> dict[str, bytes]:
    """The files that a document of this design needs, by SHA-256, for the renderer."""
    wanted = [digest for digest in (design.logo, design.template) if digest]
    return assets.bodies(session, store_id, wanted) if wanted else {}
