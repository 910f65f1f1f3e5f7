"""The page of an order, for whoever holds its link: what is going on, and what they may ask for.

Opening it changes nothing; a form on it must be sent. A form proves by its own signed token that
the page was looked at, so customers get no cookie.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as Answered

from app.db.ratings import LONGEST_WORDS
from app.i18n import environment, is_rtl, written_tag
from app.usecases.mute_delays import mute_delays
from app.usecases.rate_word import rate_word
from app.usecases.show_page import CustomerPage, show_page
from app.usecases.take_choice import Answer, take_choice
from app.web.safety import csrf, limiter
from app.web.state import services

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "customer"
SILENCE = {"mute": True, "unmute": False}
RATINGS = {"helped": True, "unhelped": False}

blueprint = Blueprint("customer", __name__)


@blueprint.get("/o/<token>", endpoint="page")
@limiter.limit("60 per minute")
def open_page(token: str) -> Response:
    """The page of a valid token; 404 for any other, without saying why."""
    return _shown(token, _page(token))


@blueprint.post("/o/<token>", endpoint="act")
@limiter.limit("20 per minute")
@csrf.exempt
def act(token: str) -> Answered:
    """Take what a form of the page says: a choice, silence about delays or its end, or whether a
    word about a delay helped."""
    page, s = _page(token), services()
    if not s.links.is_form(request.form.get("form", ""), page.nonce, s.clock()):
        return _shown(token, page, problem="stale", status=409)
    wish = request.form.get("wish", "")
    if wish in SILENCE:
        mute_delays(s.db, page, wanted=SILENCE[wish], now=s.clock())
    elif wish in RATINGS:
        word, words = request.form.get("word", ""), request.form.get("words", "")
        answer = rate_word(s.db, page, word, words, helped=RATINGS[wish], now=s.clock())
        if answer is Answer.NOT_OPEN:
            return _shown(token, page, problem="stale", status=409)
        return redirect(url_for("customer.page", token=token, _anchor="helped"), 303)
    else:
        answer = take_choice(s.db, page, wish, request.form.get("words", ""), now=s.clock())
        if answer is Answer.WORDLESS:
            return _shown(token, page, problem="wordless", status=422)
    return redirect(url_for("customer.page", token=token), 303)


def _page(token: str) -> CustomerPage:
    s = services()
    named = s.links.read_page(token)
    if named is None:
        abort(404)
    with s.db.read() as session:
        page = show_page(session, s.links, named[1], s.clock())
    if page is None:
        abort(404)
    return page


def _shown(token: str, page: CustomerPage, *, problem: str = "", status: int = 200) -> Response:
    """The page in its customer's words, kept by no cache and no search engine."""
    s = services()
    tag = written_tag(page.tag)
    facts: dict[str, Any] = {
        "page": page,
        "problem": problem,
        "tag": tag.replace("_", "-"),
        "direction": "rtl" if is_rtl(tag) else "ltr",
        "form": s.links.form(page.nonce, s.clock()),
        "longest_words": LONGEST_WORDS,
        "here": url_for("customer.page", token=token),
        "styles": [
            url_for("static", filename=name)
            for name in ("vendor/pico-2.1.1.min.css", "kikubari.css")
        ],
    }
    template = environment(FOLDER, tag, page.voice).get_template("page.html")
    response = Response(template.render(facts), status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
