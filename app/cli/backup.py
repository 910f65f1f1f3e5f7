"""`backup` and `restore`: everything that cannot be had again, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from app.adapters.fence import no_run
from app.cli.output import WHO, json_option, services, show_one
from app.domain.backup import DATABASE, KEYS
from app.domain.witness import WAY_OUT
from app.usecases.keep_backup import keep_backup
from app.usecases.restore_backup import restore_backup


@click.command("backup")
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Its file, replaced if it exists; else a new one in DATA_DIR/backups.",
)
@click.option("--without-keys", is_flag=True, help="Leave secret.key and encryption.key out.")
@json_option
def create(target: Path | None, without_keys: bool, as_json: bool) -> None:
    """Save the database, the documents and the keys as one file, while everything runs.

    With the keys in it, whoever has the file has the shops.

    \b
    Example:  python3 run.py backup --to kikubari.tar
    """
    s = services()
    now, data_dir = s.clock(), s.settings.data_dir
    if target is None:
        target = data_dir / "backups" / f"kikubari-{now:%Y%m%dT%H%M%SZ}.tar"
        target.parent.mkdir(mode=0o700, exist_ok=True)
    target = target.absolute()
    made = keep_backup(s.db, s.archive, data_dir, target, keys=not without_keys, now=now)
    names = [member.name for member in made.members]
    facts = {
        "file": str(target),
        "bytes": target.stat().st_size,
        "database": DATABASE if made.database else "not in it: dump PostgreSQL with pg_dump",
        "documents": sum(name.startswith("documents/") for name in names),
        "keys": [name for name in names if name in KEYS],
        "highest_numbers": {f"{one.store} {one.series}": one.highest for one in made.series},
    }
    show_one(facts, as_json=as_json)


@click.command("restore")
@click.argument("source", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def restore(source: Path, as_json: bool) -> None:
    """Put a backup in the place of the present state, which is set aside, never deleted.

    Stop the run first. Afterwards no invoice gets a number and no message leaves before you have
    run `db resume`.

    \b
    Example:  python3 run.py restore kikubari.tar
    """
    s = services()
    data_dir = s.settings.data_dir
    with no_run(data_dir):
        done = restore_backup(
            s.db, s.archive, s.witness, data_dir, source.absolute(), who=WHO, now=s.clock()
        )
    names = [member.name for member in done.manifest.members]
    facts = {
        "restored_to": done.manifest.created_at,
        "database": done.manifest.database,
        "documents": sum(name.startswith("documents/") for name in names),
        "keys": [name for name in names if name in KEYS],
        "set_aside": done.aside,
        "numbers_given_since": done.since,
        "stands_still": done.halt.sentence() if done.halt else None,
        "next": f"start again; then {WAY_OUT}",
    }
    show_one(facts, as_json=as_json)
