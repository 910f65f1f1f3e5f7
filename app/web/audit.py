"""The audit trail, for owners of the whole installation: who did and saw what."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.db import audit_trail, staff, stores
from app.db.audit_trail import Sought
from app.web.audit_words import Names, action_word, facts_of
from app.web.session import requires
from app.web.state import services

PAGE = 100
ASKED = ("who", "action", "store")

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit", endpoint="listing")
@requires("owner", everywhere=True)
def show_audit() -> str:
    """The entries that fit, the newest first, a page at a time."""
    given = {name: request.args.get(name, "").strip()[:320] for name in ASKED}
    query = {name: value for name, value in given.items() if value}
    before = request.args.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 19 else 0
    with services().db.read() as session:
        shops = {one.id: one for one in stores.all_stores(session)}
        store_id = next((one.id for one in shops.values() if one.name == given["store"]), None)
        sought = Sought(given["who"], given["action"], store_id)
        found = audit_trail.entries(session, sought, limit=PAGE + 1, before=start)
        names = Names(staff.addresses(session), {one.id: one.name for one in shops.values()})
        return render_template(
            "staff/audit.html",
            found=found[:PAGE],
            older=found[PAGE - 1].position if len(found) > PAGE else None,
            shops=shops,
            actors=audit_trail.actors(session),
            actions=audit_trail.actions(session),
            word_of=action_word,
            facts={one.id: facts_of(one, names) for one in found},
            asked=given,
            query=query,
        )
