"""Can what is encrypted in the database be opened with the keys that are here?"""

from __future__ import annotations

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
