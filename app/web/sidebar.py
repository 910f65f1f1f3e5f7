"""What help desks show of a customer: HTML for a vendor's server, or a page in its frame.

No session and no cookie opens anything here: the sidebar's own secret does, in its vendor's way.
Whoever is not let in gets the same 404 for every reason.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, make_response, render_template, request

from app.db.sidebars import Sidebar
from app.domain.sidebar import help_scout
from app.domain.sidebar.question import Vendor
from app.i18n import LANGUAGES, Spoken
from app.usecases.admit_sidebar import (
    Admitted,
    Frame,
    admit_frame,
    admit_question,
    admit_server,
)
from app.usecases.look_up_customer import look_up_customer
from app.usecases.note_access import note_sight
from app.web.safety import FORMS, csrf, limiter
from app.web.state import services
from app.web.texts import page_language

blueprint = Blueprint("sidebar", __name__, url_prefix="/sidebar")
csrf.exempt(blueprint)  # there is no session that another site could use


@blueprint.get("/<key>", endpoint="open")
@limiter.limit("120/minute")
def open_frame(key: str) -> Response:
    """Chatwoot's frame: a page that holds nothing yet."""
    s = services()
    frame = admit_frame(s.gatekeeper, key, None, s.clock())
    return _frame_page(frame) if frame else _nothing()


@blueprint.post("/<key>", endpoint="open_post")
@limiter.limit("600/minute")
def open_by_post(key: str) -> Response:
    """Zendesk's frame, by a form with a token; or the question of another vendor's server."""
    s = services()
    if request.mimetype in FORMS:
        token = request.form.get("token", "")
        frame = admit_frame(s.gatekeeper, key, token, s.clock())
        return _frame_page(frame) if frame else _nothing()
    body = request.get_data(cache=False)
    signature = request.headers.get(help_scout.HEADER, "")
    asked = admit_server(s.gatekeeper, key, body, signature, s.clock())
    if asked is None:
        return _nothing()
    html = _orders(asked, "h3")
    if asked.sidebar.kind is Vendor.HELP_SCOUT:
        return jsonify(html=html)
    return make_response(html)


@blueprint.post("/<key>/orders", endpoint="answer")
@limiter.limit("120/minute")
def answer_frame(key: str) -> Response:
    """What a frame's script asks for: the orders of an address, as a piece of HTML."""
    s, body = services(), request.get_data(cache=False)
    asked = admit_question(s.gatekeeper, key, body, s.clock())
    return make_response(_orders(asked, "h1")) if asked else _nothing()


def _nothing() -> Response:
    return Response("nothing is here\n", status=404, mimetype="text/plain")


def _frame_page(frame: Frame) -> Response:
    g.framed_by = frame.sidebar.origin
    _speak(frame.sidebar)
    page = render_template("sidebar/frame.html", sidebar=frame.sidebar, proof=frame.proof)
    return make_response(page)


def _speak(sidebar: Sidebar) -> None:
    """In the sidebar's language, else the browser's: never a signed-in person's."""
    g.language = sidebar.language or request.accept_languages.best_match(LANGUAGES) or "en"


def _orders(asked: Admitted, heading: str) -> str:
    """The orders as HTML, and a note of it on the audit. `heading`: the level that fits where it
    is put."""
    s, sidebar = services(), asked.sidebar
    _speak(sidebar)
    now = s.clock()
    with s.db.read() as session:
        speech = Spoken(page_language())
        known = look_up_customer(session, s.outside.wording, asked.scope, asked.emails, speech, now)
    if known:
        subject, remote_id = f"order:{known.order_id}", known.order.id
        note_sight(
            s.db, sidebar.who, "order.see", subject, known.store_id, now=now, order=remote_id
        )
    return render_template(
        "sidebar/orders.html",
        known=known,
        emails=asked.emails,
        heading=heading,
        home=s.settings.own_url,
    )
