"""Who gets what: every address of the service with the answer that each visitor gets.

Tests walk the whole table; an address that is not in it fails them. docs/roles.md is written from
it by `python -m tests.web.roles`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import Rule

from app.db.api_tokens import ApiToken
from app.db.sessions import SignedIn
from app.db.sidebars import sidebar_by_name
from app.db.staff import person_by_email
from app.db.tasks import Task, add_task
from app.domain.scope import Scope
from app.domain.sidebar.question import Vendor
from app.usecases.manage_people import add_person
from app.usecases.manage_sidebars import NewSidebar, add_sidebar
from app.usecases.manage_stores import NewStore, add_store
from app.usecases.manage_tokens import make_token
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from tests.web.api_roles import api_document
from tests.web.site import NORMAL, PEOPLE, Site, open_site, post

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "roles.md"

STRANGER = "stranger"
VISITORS = (STRANGER, "reader", "agent", "owner", "agent elsewhere", "owner elsewhere")
ELSEWHERE = {"agent elsewhere": "agent@coffee.example", "owner elsewhere": "owner@coffee.example"}
"""People who see the shop `coffee` alone; every address of a shop in the table is one of `tea`."""
SPARE = "spare@tea.example"

ANSWERS = {200: "page", 302: "done", 400: "unreadable", 401: "denied", 403: "refused"}
ANSWERS |= {404: "hidden", 422: "corrected"}
"""What a status means for whoever asks; a redirection to the sign-in is `sign in`."""

Row = tuple[str, str, str, str, str, str]
ANYBODY: Row = ("page",) * 6
NOBODY: Row = ("hidden",) * 6
DENIED: Row = ("denied",) * 6
READ: Row = ("sign in", "page", "page", "page", "page", "page")
READ_OF_SHOP: Row = ("sign in", "page", "page", "page", "hidden", "hidden")
OWN: Row = ("sign in", "done", "done", "done", "done", "done")
ACT: Row = ("sign in", "refused", "done", "done", "done", "done")
ACT_ON_SHOP: Row = ("sign in", "refused", "done", "done", "hidden", "hidden")
WRITE_ON_SHOP: Row = ("sign in", "refused", "page", "page", "hidden", "hidden")
OWNER: Row = ("sign in", "refused", "refused", "page", "refused", "page")
OWNER_OF_SHOP: Row = ("sign in", "refused", "refused", "page", "refused", "hidden")
DECIDE: Row = ("sign in", "refused", "refused", "done", "refused", "hidden")
CORRECTED_OF_SHOP: Row = ("sign in", "refused", "refused", "corrected", "refused", "hidden")
EVERYTHING: Row = ("sign in", "refused", "refused", "page", "refused", "refused")
EVERYTHING_DONE: Row = ("sign in", "refused", "refused", "done", "refused", "refused")
CORRECTED: Row = ("sign in", "refused", "refused", "corrected", "refused", "refused")


@dataclass(frozen=True)
class Route:
    method: str
    endpoint: str
    path: str
    answers: Row
    form: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.endpoint


def _get(endpoint: str, path: str, answers: Row) -> Route:
    return Route("GET", endpoint, path, answers)


def _post(endpoint: str, path: str, answers: Row, **form: str) -> Route:
    return Route("POST", endpoint, path, answers, form)


ORDER = f"/orders/tea/{NORMAL}"
ROUTES = (
    _get("staff.overview", "/", READ),
    _get("staff.order", ORDER, READ_OF_SHOP),
    _get("search.page", "/search?q=nothing-like-it", READ),
    _get("search.customer", f"{ORDER}/customer", READ_OF_SHOP),
    _post("staff.ship", f"{ORDER}/ship", ACT_ON_SHOP, word="delivered"),
    _post("actions.send_invoice", f"{ORDER}/invoice", ACT_ON_SHOP),
    _post("actions.write", f"{ORDER}/write", WRITE_ON_SHOP),
    _post("actions.note", f"{ORDER}/note", ACT_ON_SHOP),
    _post("actions.hold", f"{ORDER}/hold", ACT_ON_SHOP),
    _post("actions.answer", f"{ORDER}/answer", ACT_ON_SHOP, answer="refuse", message="1"),
    _post("actions.promise", f"{ORDER}/promise", ACT_ON_SHOP),
    _post("actions.refresh", f"{ORDER}/refresh", ACT_ON_SHOP),
    _post("coupons.give", f"{ORDER}/coupon", ACT_ON_SHOP),
    _post("coupons.read", f"{ORDER}/coupons/read", ACT_ON_SHOP),
    _get("waiting.previews", f"{ORDER}/messages", READ_OF_SHOP),
    _post("books.ask", f"{ORDER}/documents", ACT_ON_SHOP, kind="packing_slip"),
    _get("waiting.listing", "/waiting", READ),
    _post("waiting.answer", "/waiting", ACT, answer="send"),
    _post("waiting.breaker", "/waiting/breaker/tea", DECIDE, answer="refuse"),
    _post("staff.finish_task", "/tasks/{task}/done", ACT_ON_SHOP),
    _get("books.listing", "/documents", READ),
    _get("books.export", "/documents/export/csv", OWNER),
    _get("staff.document", "/documents/{document}.pdf", READ_OF_SHOP),
    _get("books.xml", "/documents/{document}/cii.xml", READ_OF_SHOP),
    _post("books.take_back", "/documents/{document}/take-back", DECIDE),
    _get("staff.inbox", "/inbox", READ),
    _post("staff.retry", "/retry/delivery/1", ACT_ON_SHOP),
    _get("staff.store", "/stores/tea", READ_OF_SHOP),
    _post("staff.check_store", "/stores/tea/check", ACT_ON_SHOP),
    _get("shop.show", "/setup/shops/tea", OWNER_OF_SHOP),
    _post("shop.act", "/setup/shops/tea/pause", DECIDE),
    _get("shop.settings", "/setup/shops/tea/settings", OWNER_OF_SHOP),
    _post("shop.save", "/setup/shops/tea/settings", CORRECTED_OF_SHOP),
    _get("setup.begin", "/setup", OWNER),
    _post("setup.find", "/setup", CORRECTED),
    _get("setup.by_hand", "/setup/by-hand", EVERYTHING),
    _post("setup.take_by_hand", "/setup/by-hand", CORRECTED),
    _get("setup.come_back", "/setup/return", EVERYTHING_DONE),
    _post("setup.callback", "/setup/callback", ("unreadable",) * 6),
    _get("people.listing", "/people", EVERYTHING),
    _post("people.add", "/people", EVERYTHING, email="new@tea.example", role="reader"),
    _get("people.show", "/people/{spare}", EVERYTHING),
    _post("people.change", "/people/{spare}", EVERYTHING_DONE, role="reader"),
    _post("people.link", "/people/{spare}/link", EVERYTHING),
    _post("people.reset_code", "/people/{spare}/reset-code", EVERYTHING_DONE),
    _post("people.remove", "/people/{spare}/remove", EVERYTHING_DONE),
    _get("integrations.listing", "/integrations", OWNER),
    _post("integrations.add", "/integrations", OWNER, name="desk", scope="read"),
    _post("integrations.revoke", "/integrations/{token}/revoke", DECIDE),
    _get("help_desks.listing", "/help-desks", EVERYTHING),
    _post("help_desks.add", "/help-desks", CORRECTED),
    _post("help_desks.rotate", "/help-desks/{sidebar}/rotate", EVERYTHING),
    _post("help_desks.remove", "/help-desks/{sidebar}/remove", EVERYTHING_DONE),
    _get("audit.listing", "/audit", EVERYTHING),
    _get("account.show", "/account", READ),
    _post("account.password", "/account/password", OWN, new="short"),
    _post("account.language", "/account/language", OWN, language="en"),
    _get("account.code", "/account/code", OWN),
    _post("account.begin_code", "/account/code", OWN),
    _post("account.confirm_code", "/account/code/confirm", OWN),
    _post("account.end_code", "/account/code/end", OWN),
    _post("account.end_session", "/account/sessions/{session}/end", OWN),
    _post("account.end_others", "/account/sessions/end", OWN),
    _get("session.sign_in", "/sign-in", ("page", "done", "done", "done", "done", "done")),
    _post("session.enter", "/sign-in", DENIED),
    _get("session.ask_code", "/sign-in-code", ("sign in",) * 6),
    _post("session.take_code", "/sign-in-code", DENIED),
    _get("session.show_link", "/sign-in/wrong", ANYBODY),
    _post("session.use_link", "/sign-in/wrong", DENIED),
    _post("session.sign_out", "/sign-out", ("sign in",) * 6),
    _get("documents.open_document", "/d/guess", NOBODY),
    _get("customer.page", "/o/guess", NOBODY),
    _post("customer.act", "/o/guess", NOBODY),
    _get("sidebar.open", "/sidebar/guess", NOBODY),
    _post("sidebar.open_post", "/sidebar/guess", NOBODY),
    _post("sidebar.answer", "/sidebar/guess/orders", NOBODY),
    _post("webhooks.receive", "/webhooks/woocommerce/guess", NOBODY),
    _post("carriers.receive", "/webhooks/carriers/guess/aftership", NOBODY),
    _get("health.healthz", "/healthz", ANYBODY),
    _get("health.readyz", "/readyz", ANYBODY),
    _get("static", "/static/kikubari.css", ANYBODY),
)


def open_second_shop(site: Site) -> None:
    """A shop `coffee` beside `tea`, two people who see it alone, and somebody to be changed."""
    s, now = site.services, site.clock()
    new = NewStore("coffee", "https://coffee.example", "ck_2", "cs_2", "another-secret")
    coffee = add_store(s.db, s.box, new, who="test", now=now)
    for who, email in ELSEWHERE.items():
        scope = Scope(frozenset({coffee.id}))
        add_person(s.db, email, who.split()[0], who="test", now=now, scope=scope)
    add_person(s.db, SPARE, "reader", who="test", now=now)
    make_token(s.db, "helpdesk", ["read"], who="test", now=now)
    add_sidebar(s.db, s.box, NewSidebar("desk", Vendor.FREESCOUT), who="test", now=now)
    with s.db.write() as session:
        add_task(
            session, store_id=1, order_id=1, kind="wait", cause="test", words="Please", now=now
        )


def visitor(site: Site, who: str) -> FlaskClient:
    limiter.reset()  # the table is longer than anyone's patience
    client = site.app.test_client()
    if who != STRANGER:
        email = ELSEWHERE.get(who) or PEOPLE[who]
        token = make_link(site.services.db, email, who="test", now=site.clock())
        assert post(client, f"/sign-in/{token}").status_code == 302
    return client


def ask(site: Site, client: FlaskClient, route: Route) -> Any:
    path = route.path.format(**_ids(site))
    answer = client.get(path) if route.method == "GET" else post(client, path, **route.form)
    answer.get_data()
    answer.close()  # a file that is sent stays open for as long as its answer
    return answer


def _ids(site: Site) -> dict[str, int]:
    with site.services.db.read() as session:
        spare = person_by_email(session, SPARE)
        task = session.query(Task).first()
        token = session.query(ApiToken).order_by(ApiToken.id).first()
        sidebar = sidebar_by_name(session, "desk")
        newest = session.query(SignedIn).order_by(SignedIn.id.desc()).first()
        return {
            "document": site.document_id(),
            "spare": spare.id if spare else 0,
            "task": task.id if task else 0,
            "token": token.id if token else 0,
            "session": newest.id if newest else 0,
            "sidebar": sidebar.id if sidebar else 0,
        }


def class_of(answer: Any) -> str:
    """The word of the table for an answer."""
    if answer.status_code == 302 and answer.headers["Location"] == "/sign-in":
        return "sign in"
    return ANSWERS.get(answer.status_code, str(answer.status_code))


def rules_of(site: Site) -> Iterator[tuple[str, str, Rule]]:
    """Method, endpoint and rule of every address: of the pages, and of the small application that
    takes deliveries."""
    apps = [("", site.app)]
    front = site.app.wsgi_app
    assert isinstance(front, DispatcherMiddleware)
    intake = front.mounts["/webhooks"]  # what is below /api has a table of its own
    assert isinstance(intake, Flask)
    apps.append(("/webhooks", intake))
    for _, app in apps:
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule.endpoint, rule


HEAD = """# Who gets what

Written from the table in [tests/web/roles.py](../tests/web/roles.py) by `python -m tests.web.roles`; do not edit it here. Every row is tried with every visitor before each change, and an address that is not in the table fails the tests.

| role | may |
| --- | --- |
| reader | look |
| agent | also act: parcels, tasks, words to customers, documents without a number, trying again |
| owner | also decide: a shop's settings and mode, exports, numbered documents by hand, taking back |

A person sees all shops or chosen ones; *elsewhere* is somebody who sees only another shop than the one that is asked for. What one may not see is answered like what does not exist. Lists, counts, searches and exports hold only what one sees. People, the audit and connecting a shop are for owners who see everything. Tokens are for owners, who make and revoke those for shops that they see.

| answer | |
| --- | --- |
| page | it is shown; lists and files hold what this visitor may see |
| done | it is done, or said why not |
| corrected | the form comes back with what is wrong in it (the tests send it empty) |
| sign in | leads to the sign-in |
| denied | wrong or no password, link or code |
| refused | 403: the role, or a limit to some shops, does not allow it; it stands on the audit |
| hidden | 404: not there, or not to be seen, which stands on the audit |
| unreadable | 400 |

The customers' pages and documents (`/o/…`, `/d/…`), the sidebars in help desks, the webhooks and the shop's call back with its keys know nobody's role: a secret in the address, a signature or a state opens them, and the tests come without one.

"""  # noqa: E501


def document() -> str:
    """docs/roles.md."""
    with tempfile.TemporaryDirectory() as folder:
        site = open_site(Path(folder))
        rules = {(method, name): rule.rule for method, name, rule in rules_of(site)}
        tokens = api_document(site)
        site.services.db.dispose()
    intake = {"webhooks.receive", "carriers.receive"}
    lines = [f"| address | {' | '.join(VISITORS)} |", "| --- |" + " --- |" * len(VISITORS)]
    for one in ROUTES:
        rule = ("/webhooks" if one.endpoint in intake else "") + rules[one.key]
        lines.append(f"| {one.method} `{rule}` | {' | '.join(one.answers)} |")
    return HEAD + "\n".join(lines) + "\n" + tokens


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
