"""Asked at every start: are the tables up to date, and do the keys here open what is encrypted?"""

from __future__ import annotations

from app.db import schema
from app.db.engine import Database
from app.db.stores import connected_stores
from app.errors import SettingsError
from app.usecases.ports import SecretBox


def sealed_shut(db: Database, box: SecretBox) -> list[str]:
    """Names of the connected stores whose keys do not open."""
    with db.read() as session:
        stores = connected_stores(session)
    shut = []
    for store in stores:
        try:
            for sealed in (store.consumer_key, store.consumer_secret, store.webhook_secret):
                box.open(sealed)
        except SettingsError:
            shut.append(store.name)
    return shut


def check_keys(db: Database, box: SecretBox) -> None:
    """Asked at every start, after the tables are up to date.

    Raises:
        SettingsError: names the stores, and what is missing.
    """
    if shut := sealed_shut(db, box):
        raise SettingsError(
            f"the keys of {', '.join(shut)} are encrypted, and no key here opens them: "
            "encryption.key in DATA_DIR (or ENCRYPTION_KEYS) is not the one they were made with",
            mend="put the old encryption.key back, or set ENCRYPTION_KEYS to NEW,OLD; if it is "
            "lost for good, give new keys: store change NAME --consumer-key … "
            "--consumer-secret … --webhook-secret …",
        )


def check_start(db: Database, box: SecretBox) -> None:
    """What a process needs that is started without `run.py`.

    A database that does not answer is no reason not to start: deliveries get 503 until it does.

    Raises:
        SettingsError: the tables are missing or too old, or as `check_keys`.
    """
    if not db.is_answering():
        return
    present = schema.present(db)
    if present != schema.newest() and (not present or schema.is_known(present)):
        raise SettingsError(
            "the tables of the database are missing or not up to date",
            mend="python3 run.py db upgrade",
        )
    check_keys(db, box)
