"""`invoices verify`, `erase` and `export`: what was issued, as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from app.cli.output import WHO, json_option, services, show, show_one, store_option
from app.db.audit_trail import audit
from app.db.document_search import Wanted
from app.errors import KikubariError
from app.usecases.erase_documents import erase_documents
from app.usecases.export_documents import export_csv, export_datev, export_zip
from app.usecases.manage_stores import find_store
from app.usecases.stores import settings_of
from app.usecases.verify_documents import verify_documents

PROGRESS_EVERY = 2_000
FORMATS = ("zip", "csv", "datev")
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@store_option
@json_option
@click.pass_context
def verify(context: click.Context, store_name: str | None, as_json: bool) -> None:
    """Check that every document, file and number is as it was issued.

    Names the first that is not, and ends with 2.

    \b
    Example:  python3 run.py invoices verify --store tea
    """
    s = services()
    if store_name:
        with s.db.read() as session:
            find_store(session, store_name)

    def tell(number: int) -> None:
        if number % PROGRESS_EVERY == 0:
            click.echo(f"{number} documents read", err=True)

    found = verify_documents(s.db, s.files, store_name, tell, today=s.clock().date())
    rows = [
        {
            "store": one.store,
            "documents": one.documents,
            "files": one.files,
            "waiting": one.waiting,
            "erased": one.erased,
            "chain": "broken" if one.broken else "intact",
            "first_broken": one.broken[0].number or None if one.broken else None,
            "why": one.broken[0].why if one.broken else None,
        }
        for one in found
    ]
    show(rows, as_json=as_json, empty="No shop yet, so there is nothing to verify.")
    if any(one.broken for one in found):
        context.exit(2)


@click.command()
@store_option
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
@json_option
def erase(store_name: str | None, yes: bool, as_json: bool) -> None:
    """Erase the contents of documents whose legal retention is over.

    Their numbers and hashes stay, and so does the chain. The database refuses earlier erasure.

    \b
    Example:  python3 run.py invoices erase --yes
    """
    s = services()
    now = s.clock()
    if now.date() < date(2020, 1, 1):
        raise KikubariError("this machine's clock is wrong", mend="set it, then try again")
    gone = erase_documents(s.db, s.files, store_name, who=WHO, now=now, dry=not yes)
    rows = [{"number": number, "erased": yes} for number in gone]
    show(rows, as_json=as_json, empty="No document is older than the law asks to keep it.")


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, writable=True))
@store_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="zip",
    show_default=True,
    help="As what.",
)
@click.option("--since", type=DAY, help="First day, YYYY-MM-DD.")
@click.option("--until", type=DAY, help="Last day, included.")
@json_option
def export(
    target: str,
    store_name: str | None,
    form: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Write documents to TARGET: all PDFs in a ZIP, a CSV table, or a DATEV booking batch.

    Days are the shop's where one is named, else UTC's. DATEV needs a shop and a period.

    \b
    Example:  python3 run.py invoices export 2026.zip --since 2026-01-01 --until 2026-12-31
    """
    s = services()
    with s.db.read() as session:
        store = find_store(session, store_name) if store_name else None
        zone = settings_of(session, store.id).zone if store else ZoneInfo("UTC")
    first, last = since.date() if since else None, until.date() if until else None
    wanted = Wanted(
        store_id=store.id if store else None,
        since=_start(first, zone) if first else None,
        until=_start(last + timedelta(days=1), zone) if last else None,
    )
    if form == "datev":
        if store is None or first is None or last is None:
            raise KikubariError(
                "a DATEV batch is one shop's, for a period",
                mend="add --store, --since and --until",
            )
        made = export_datev(s.db, store, wanted, first, last, s.clock())
        pieces: Iterable[bytes] = [made.data]
        for number in made.left_out:
            click.echo(f"left out: {number}, its currency has no exchange rate", err=True)
    elif form == "csv":
        pieces = export_csv(s.db, wanted, _progress)
    else:
        pieces = export_zip(s.db, s.files, wanted, _progress)
    written = 0
    with click.open_file(target, "wb") as file:
        for piece in pieces:
            written += file.write(piece)
    with s.db.write() as session:
        audit(session, s.clock(), WHO, f"document.export.{form}", store.id if store else None)
    show_one({"file": target, "format": form, "bytes": written}, as_json=as_json)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)


def _progress(done: int, of: int) -> None:
    if of > PROGRESS_EVERY and done % PROGRESS_EVERY == 0:
        click.echo(f"{done} of {of} documents", err=True)


COMMANDS = (verify, erase, export)
