"""All tables, and bringing a database to the present schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import (
    api_tokens,
    assets,
    audit_trail,
    carrier_secrets,
    connections,
    coupons,
    customers,
    diagnoses,
    documents,
    forecasts,
    inbox,
    installation,
    issue_requests,
    mail_passwords,
    notices,
    orders,
    ratings,
    reconciling,
    search,
    sessions,
    shipments,
    sidebars,
    staff,
    stores,
    tasks,
)
from app.db.base import Base
from app.db.engine import Database

__all__ = [
    "Base",
    "api_tokens",
    "assets",
    "audit_trail",
    "carrier_secrets",
    "connections",
    "coupons",
    "customers",
    "diagnoses",
    "documents",
    "forecasts",
    "inbox",
    "installation",
    "issue_requests",
    "mail_passwords",
    "notices",
    "orders",
    "ratings",
    "reconciling",
    "search",
    "sessions",
    "shipments",
    "sidebars",
    "staff",
    "stores",
    "tasks",
]

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(db: Database) -> str:
    """Apply the migrations that are missing; the revision afterwards. Safe to run twice at once."""
    with db.migration_connection() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return present(db)


def present(db: Database) -> str:
    """The revision that the database is at; "" before the first."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision that this version of the code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def is_known(revision: str) -> bool:
    """Whether this version of the code can bring such a database up to date."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision in known


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
