"""`tokens`: what opens the API for integrations."""

from __future__ import annotations

from datetime import timedelta

import click

from app.cli.output import WHO, json_option, services, show, show_one
from app.db.stores import all_stores
from app.domain.api_scopes import ApiScope
from app.domain.scope import EVERYTHING, Scope
from app.errors import SettingsError
from app.usecases.manage_stores import find
from app.usecases.manage_tokens import KnownToken, make_token, revoke_token, tokens

scope_choice = click.Choice([one.value for one in ApiScope])


@click.group("tokens")
def group() -> None:
    """Tokens with which help desks and other programs ask the API.

    \b
    Example:  python3 run.py tokens list
    """


@group.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", type=scope_choice, multiple=True, help="May do this; repeatable."
)
@click.option("--store", "shops", multiple=True, metavar="NAME", help="Sees this store alone.")
@click.option("--days", type=click.IntRange(1, 36_500), help="Ends after so many days.")
@json_option
def add(
    name: str, scopes: tuple[str, ...], shops: tuple[str, ...], days: int | None, as_json: bool
) -> None:
    """Make a token for a program, and print it this once. It outlives every person.

    NAME: what uses it. Without --scope it may read.

    \b
    Example:  python3 run.py tokens add helpdesk --scope read --scope documents --store tea
    """
    s = services()
    with s.db.read() as session:
        limit = Scope(frozenset(find(session, one).id for one in shops)) if shops else EVERYTHING
    now = s.clock()
    token_id, token = make_token(
        s.db,
        name,
        scopes or (ApiScope.READ.value,),
        who=WHO,
        now=now,
        scope=limit,
        expires_at=now + timedelta(days=days) if days else None,
    )
    show_one({"id": token_id, "name": name, "token": token}, as_json=as_json)


@group.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """Every token, the newest first: what it may do and sees, and when it was last used.

    \b
    Example:  python3 run.py tokens list --json
    """
    s = services()
    with s.db.read() as session:
        names = {store.id: store.name for store in all_stores(session)}
        rows = [_facts(one, names) for one in tokens(session, s.clock())]
    show(rows, as_json=as_json, empty="None yet: tokens add NAME")


@group.command()
@click.argument("token_id", type=click.IntRange(1, 2**31 - 1))
@json_option
def revoke(token_id: int, as_json: bool) -> None:
    """Let a token open nothing any more. TOKEN_ID: its number in `tokens list`.

    \b
    Example:  python3 run.py tokens revoke 1
    """
    s = services()
    if not revoke_token(s.db, token_id, who=WHO, now=s.clock()):
        raise SettingsError(f"there is no token {token_id}", mend="see `tokens list`")
    show_one({"id": token_id, "revoked": True}, as_json=as_json)


def _facts(known: KnownToken, names: dict[int, str]) -> dict[str, object]:
    token, seen = known.token, known.scope.store_ids
    return {
        "id": token.id,
        "name": token.name,
        "beginning": token.beginning,
        "scopes": token.scopes.split(),
        "stores": "all" if seen is None else sorted(names[one] for one in seen),
        "state": known.state.value,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "used_at": token.used_at,
        "expires_at": token.expires_at,
    }
