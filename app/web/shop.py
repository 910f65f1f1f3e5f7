"""The page of one shop, for its owner: how it stands, and the decisions about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import connections, work
from app.db.connections import Connection
from app.domain.back_test import BackTest
from app.domain.helping import FEWEST, PERIOD, Helping
from app.domain.store_mode import Mode
from app.domain.store_settings import settings_problems
from app.errors import FileRefused, KikubariError, SettingsError
from app.usecases.back_test_store import back_test_store
from app.usecases.disconnect_store import disconnect_store
from app.usecases.dress_documents import Kept, Part, keep_file
from app.usecases.dress_mails import dress_mails, texts_in, undress_mails
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.measure_helping import measure_helping
from app.usecases.pause_store import pause_store, resume_store
from app.usecases.rotate_secret import rotate_secret
from app.usecases.shop_summary import SHADOW_DAYS, Summary, shop_summary
from app.usecases.tell_copies import it_is_a_copy, it_moved
from app.web.safety import limiter
from app.web.session import requires
from app.web.settings_form import WEEKDAYS, fields_of, values_of
from app.web.sight import store_named
from app.web.state import services
from app.web.texts import gettext, said

blueprint = Blueprint("shop", __name__, url_prefix="/setup/shops")


@blueprint.get("/<name>")
@requires("owner")
def show(name: str) -> str | Response:
    """How connecting goes, then how the shop stands. It asks for itself again while it goes on."""
    found = _summary(name)
    content = render_template(
        "setup/_shop.html",
        found=found,
        days=SHADOW_DAYS,
        mails=texts_in(found.settings.language, found.settings.voice),
        promise=_back_test(found),
        helping=_helping(found),
        helping_days=PERIOD.days,
        fewest=FEWEST,
    )
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    if request.headers.get("HX-Request") and request.args.get("seen") == digest:
        return Response(status=204)
    return render_template("setup/shop.html", found=found, content=content, digest=digest)


@blueprint.post("/<name>/<action>")
@limiter.limit("30/minute")
@requires("owner")
def act(name: str, action: str) -> Response:
    """One of the owner's decisions. What cannot be done is said, and nothing changed."""
    if action not in ACTIONS:
        abort(404)
    _summary(name)
    try:
        words = ACTIONS[action](name, current_user.email)
    except KikubariError as error:
        flash(said(error.sentence()))
        return redirect(url_for("shop.show", name=name))
    flash(words)
    gone = action == "disconnect"
    return redirect(url_for("setup.begin") if gone else url_for("shop.show", name=name))


@blueprint.get("/<name>/settings")
@requires("owner")
def settings(name: str) -> str:
    found = _summary(name)
    values = found.settings.model_dump(mode="json")
    return _settings_page(found, values, {})


def _settings_page(found: Summary, values: dict[str, Any], problems: dict[str, str]) -> str:
    return render_template(
        "setup/settings.html",
        found=found,
        sections=fields_of(values),
        weekdays=WEEKDAYS,
        problems={field: said(words) for field, words in problems.items()},
    )


@blueprint.post("/<name>/settings", endpoint="save")
@limiter.limit("30/minute")
@requires("owner")
def save(name: str) -> Response | tuple[str, int]:
    """Save what the form holds as a new version; each wrong field is named at its place."""
    s, found = services(), _summary(name)
    values = values_of(request.form)
    values["documents"] |= _parts_in_use(found)
    handed_in, refused = _checked_files()
    if problems := settings_problems(values) | refused:
        return _settings_page(found, values, problems), 422
    save_settings(s.db, name, values, who=current_user.email, now=s.clock(), whole=True)
    for part, data in handed_in.items():
        keep_file(s.db, name, part, data, who=current_user.email, now=s.clock())
    flash(gettext("Saved. It counts from now on; documents that were issued stay as they are."))
    return redirect(url_for("shop.show", name=name))


def _parts_in_use(found: Summary) -> dict[str, str]:
    """Logo and template as they are, without those that the form takes away. The form itself
    cannot name a file by its hash."""
    present = found.settings.documents
    kept = {"logo": present.logo, "template": present.template}
    return {
        part: "" if request.form.get(f"documents.{part}.remove") == "yes" else digest
        for part, digest in kept.items()
    }


def _checked_files() -> tuple[dict[Part, Kept], dict[str, str]]:
    """The files that came with the form and are fit to be kept, and why others are not."""
    fit: dict[Part, Kept] = {}
    refused: dict[str, str] = {}
    for part, check in services().file_checks.items():
        file = request.files.get(f"documents.{part}")
        if file is None or not file.filename:
            continue
        with closing(file):
            data = file.read()
        try:
            fit[part] = check(data)
        except FileRefused as error:
            refused[f"documents.{part}"] = error.sentence()
    return fit, refused


def _summary(name: str) -> Summary:
    s = services()
    with s.db.read() as session:
        store = store_named(session, name)
        if store.disconnected_at is not None:
            abort(404)
        return shop_summary(session, store, s.clock())


def _back_test(found: Summary) -> BackTest | None:
    """The promise on the shop's past; None until that is read."""
    if not found.is_settled:
        return None
    s = services()
    with s.db.read() as session:
        return back_test_store(session, found.store.id, found.settings, s.clock())


def _helping(found: Summary) -> Helping | None:
    """Whether the words about delays helped; None before any could leave."""
    if not found.is_settled or found.store.mode == Mode.SHADOW:
        return None
    s = services()
    with s.db.read() as session:
        return measure_helping(session, found.store.id, found.settings, s.clock())


def _test(name: str, who: str) -> str:
    s, address = services(), request.form.get("test_address", "").strip()[:200]
    if "@" not in address[1:-1]:
        raise SettingsError(gettext("An e-mail address of your own is needed for test mode."))
    save_settings(s.db, name, {"test_address": address}, who=who, now=s.clock())
    set_mode(s.db, name, Mode.TEST, who=who, now=s.clock())
    return gettext("Test mode: only orders with the address %(address)s get messages.") % {
        "address": address
    }


def _live(name: str, who: str) -> str:
    s, found = services(), _summary(name)
    _check_word(name)
    if lack := found.seller_lacks:
        raise SettingsError(
            gettext("Not live yet, because every invoice would wait for you: %(lack)s")
            % {"lack": said(lack)}
        )
    if found.invoices_elsewhere and request.form.get("only_us") != "yes":
        raise SettingsError(
            gettext(
                "Another plug-in of the shop makes invoices too. Switch it off first, and say so: "
                "two invoices for one sale can owe the tax twice."
            )
        )
    store = set_mode(s.db, name, Mode.LIVE, who=who, now=s.clock(), only_us=True)
    assert store.live_from is not None
    since = store.live_from.astimezone(found.settings.zone)
    return gettext(
        "Live. Every order paid since %(moment)s gets an invoice and messages; older ones never do."
    ) % {"moment": f"{since:%Y-%m-%d %H:%M}"}


def _shadow(name: str, who: str) -> str:
    s = services()
    set_mode(s.db, name, Mode.SHADOW, who=who, now=s.clock())
    return gettext("Shadow mode: everything is shown, nothing is numbered and nothing leaves.")


def _pause(name: str, who: str) -> str:
    s = services()
    pause_store(s.db, name, request.form.get("reason", ""), who=who, now=s.clock())
    return gettext("Paused. Orders are taken in; nothing is numbered and nothing leaves.")


def _resume(name: str, who: str) -> str:
    s = services()
    resume_store(s.db, name, who=who, now=s.clock())
    return gettext("It goes on, and what was owed meanwhile is taken up.")


def _rotate(name: str, who: str) -> str:
    s = services()
    rotate_secret(s.db, s.desk, name, who=who, now=s.clock())
    return gettext("The webhooks have a new secret. The old one is valid for one more day.")


def _mails(name: str, who: str) -> str:
    s = services()
    dress_mails(s.db, s.owners_shop, name, who=who, now=s.clock())
    return gettext("The shop's mail has our texts now. What was there is kept.")


def _mails_back(name: str, who: str) -> str:
    s = services()
    undress_mails(s.db, s.owners_shop, name, who=who, now=s.clock())
    return gettext("The shop's mail is as it was.")


def _disconnect(name: str, who: str) -> str:
    s = services()
    _check_word(name)
    force = request.form.get("force") == "yes"
    done = disconnect_store(s.db, s.desk, name, who=who, now=s.clock(), force=force)
    if done.left:
        return gettext("Disconnected, but the shop could not be tidied up: %(why)s") % {
            "why": said(done.left)
        }
    return gettext(
        "Disconnected: %(number)s webhooks deleted, keys erased. Documents and orders stay, as "
        "%(kept)s."
    ) % {"number": done.webhooks, "kept": done.kept_as}


def _moved(name: str, who: str) -> str:
    s = services()
    _check_word(name)
    store = it_moved(s.db, s.box, s.finder, s.probe, name, _address(), who=who, now=s.clock())
    return gettext("Its address is %(url)s now, and what came from there is taken up.") % {
        "url": store.url
    }


def _copy(name: str, who: str) -> str:
    s, address = services(), _address()
    it_is_a_copy(s.db, name, address, who=who, now=s.clock())
    return gettext("%(address)s is a copy: what comes from there stays out.") % {"address": address}


def _address() -> str:
    return request.form.get("address", "").strip()[:200]


def _again(name: str, who: str) -> str:
    """Go on with connecting where it stopped."""
    s = services()
    with s.db.write() as session:
        row = connections.of_store(session, store_named(session, name).id)
        if row is not None:
            work.release(session, Connection, row.id, now=s.clock())
    return gettext("It is tried again.")


def _check_word(name: str) -> None:
    if request.form.get("confirm", "").strip() != name:
        raise SettingsError(
            gettext("Nothing was done: type the shop's name, %(name)s, to confirm.")
            % {"name": name}
        )


ACTIONS: dict[str, Callable[[str, str], str]] = {
    "test": _test,
    "live": _live,
    "shadow": _shadow,
    "pause": _pause,
    "resume": _resume,
    "rotate": _rotate,
    "mails": _mails,
    "mails-back": _mails_back,
    "moved": _moved,
    "copy": _copy,
    "disconnect": _disconnect,
    "again": _again,
}
