"""A help desk asks about a customer: who is let in, what is shown, and what stays unsaid."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db.audit_trail import AuditEntry
from app.db.orders import Order
from app.db.sidebars import Sidebar, SidebarStore, SidebarToken
from app.domain.scope import EVERYTHING, Scope
from app.domain.sidebar import help_scout
from app.domain.sidebar.question import LARGEST, Vendor
from app.errors import SettingsError
from app.usecases.manage_sidebars import (
    NewSidebar,
    Opened,
    add_sidebar,
    remove_sidebar,
    rotate_sidebar,
)
from app.usecases.note_access import MOST_REFUSALS
from app.usecases.reseal import reseal
from app.web.safety import limiter
from tests.domain.test_sidebar import ORIGIN, PUBLIC, token
from tests.web.roles import open_second_shop
from tests.web.site import HOSTILE, LATE, NORMAL, SCRIPT, Site, post

DESK = "https://desk.example"
NOTHING = (404, "nothing is here\n")


def add(site: Site, vendor: Vendor, scope: Scope = EVERYTHING, **more: str) -> Opened:
    """A sidebar of the tests; its name is its vendor's."""
    given = {"origin": DESK} if vendor.is_framed else {}
    if vendor is Vendor.ZENDESK:
        given = {"origin": ORIGIN, "installation": "32", "secret": PUBLIC}
    new = NewSidebar(name=vendor.value, vendor=vendor, scope=scope, **(given | more))
    return add_sidebar(site.services.db, site.services.box, new, who="test", now=site.clock())


def email_of(site: Site, remote_id: int) -> str:
    with site.services.db.read() as session:
        return session.scalars(select(Order.email).where(Order.remote_id == remote_id)).one()


def ask_help_scout(site: Site, opened: Opened, email: Any, secret: str = "") -> Any:
    body = json.dumps({"ticket": {"id": 1}, "customer": {"email": email}}).encode()
    headers = {help_scout.HEADER: help_scout.signature_of(body, secret or opened.secret)}
    address = f"/sidebar/{opened.sidebar.key}"
    return site.app.test_client().post(
        address, data=body, headers=headers, content_type="application/json"
    )


def ask_freescout(site: Site, opened: Opened, email: Any, secret: Any = None) -> Any:
    asked = {"customerEmail": email, "secret": opened.secret if secret is None else secret}
    return site.app.test_client().post(f"/sidebar/{opened.sidebar.key}", json=asked)


def open_zendesk(site: Site, opened: Opened, given: str) -> Any:
    address = f"/sidebar/{opened.sidebar.key}?origin={ORIGIN}&app_guid=a-1"
    return site.app.test_client().post(address, data={"token": given})


def ask_frame(site: Site, opened: Opened, proof: Any, email: Any) -> Any:
    address = f"/sidebar/{opened.sidebar.key}/orders"
    return site.app.test_client().post(address, json={"pass": proof, "email": email})


def proof_in(page: str) -> str:
    return page.split('data-pass="')[1].split('"')[0]


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.text


def refusals(site: Site) -> list[dict[str, Any]]:
    with site.services.db.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "refused").order_by(AuditEntry.id)
        return [one.what for one in session.scalars(query)]


# what is shown


def test_help_scout_is_told_of_the_order_in_html(site: Site) -> None:
    opened = add(site, Vendor.HELP_SCOUT, language="en")
    answer = ask_help_scout(site, opened, email_of(site, LATE).upper())
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    html = answer.json["html"]
    assert "days late" in html and "Suggested reply" in html and "As of" in html
    assert f'href="{site.services.settings.own_url}/orders/tea/' in html
    assert "<script" not in html and "<form" not in html and " id=" not in html


def test_freescout_gets_a_piece_of_html_with_the_same(site: Site) -> None:
    html = ask_freescout(site, add(site, Vendor.FREESCOUT), email_of(site, LATE))
    assert html.status_code == 200 and html.mimetype == "text/html"
    assert "days late" in html.text and "<html" not in html.text


def test_a_late_order_comes_before_newer_ones(site: Site) -> None:
    email = email_of(site, LATE)
    with site.services.db.write() as session:
        for number in (NORMAL, LATE):
            order = session.scalars(select(Order).where(Order.remote_id == number)).one()
            order.email = email
    opened = add(site, Vendor.FREESCOUT)
    html = ask_freescout(site, opened, email).text
    head, _, others = html.partition("Other orders")
    assert f"/orders/tea/{LATE}" in head and f"/orders/tea/{NORMAL}" in others
    assert f"/orders/tea/{NORMAL}" not in head


def test_of_many_orders_a_few_are_shown_and_the_page_of_all_is_named(site: Site) -> None:
    with site.services.db.write() as session:
        for order in session.scalars(select(Order)):
            order.email = "many@tea.example"
    html = ask_freescout(site, add(site, Vendor.FREESCOUT), "many@tea.example").text
    assert html.count("<li>") == 4 and "All orders of this customer" in html


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("nobody@else.example", "No order of this address is known:"),
        (None, "has no e-mail address"),
        ({"a": 1}, "has no e-mail address"),
        (SCRIPT, "has no e-mail address"),
        ("%@%", "No order of this address is known:"),
    ],
)
def test_an_unknown_address_is_said_so(site: Site, email: Any, words: str) -> None:
    html = ask_freescout(site, add(site, Vendor.FREESCOUT), email).text
    assert words in html and "<script" not in html and "/orders/" not in html


def test_hostile_orders_are_text_in_the_help_desks_own_page(site: Site) -> None:
    """FreeScout puts the answer into its page, within an agent's session there."""
    opened = add(site, Vendor.FREESCOUT)
    with site.services.db.write() as session:
        order = session.scalars(select(Order).where(Order.remote_id == HOSTILE)).one()
        order.email = "hostile@tea.example"
    html = ask_freescout(site, opened, "hostile@tea.example").text
    assert "&lt;script&gt;" in html and "<script" not in html
    assert not set("\u202e\u2066") & set(html)


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Tage verspätet"), ("fr", "jours de retard"), ("ja", "日遅れ"), ("", "days late")],
)
def test_it_speaks_the_language_that_was_chosen(site: Site, language: str, words: str) -> None:
    opened = add(site, Vendor.FREESCOUT, language=language)
    assert words in ask_freescout(site, opened, email_of(site, LATE)).text


def test_only_the_shops_of_the_sidebar_are_looked_into(site: Site) -> None:
    open_second_shop(site)
    coffee = add(site, Vendor.FREESCOUT, Scope(frozenset({2})))
    nothing = add(site, Vendor.HELP_SCOUT, Scope(frozenset()))
    email = email_of(site, NORMAL)
    assert "No order of this address" in ask_freescout(site, coffee, email).text
    assert "No order of this address" in ask_help_scout(site, nothing, email).json["html"]


def test_who_was_shown_what_stands_on_the_audit_once_a_day(site: Site) -> None:
    opened = add(site, Vendor.FREESCOUT)
    for _ in range(3):
        ask_freescout(site, opened, email_of(site, LATE))
    with site.services.db.read() as session:
        query = select(AuditEntry).where(AuditEntry.who == "sidebar freescout")
        (seen,) = session.scalars(query)
    assert seen.action == "order.see" and set(seen.what) == {"order"}


# who is let in


def test_every_refusal_is_the_same_and_its_reason_is_the_owners(site: Site) -> None:
    desk, free = add(site, Vendor.HELP_SCOUT), add(site, Vendor.FREESCOUT)
    chat, zen = add(site, Vendor.CHATWOOT), add(site, Vendor.ZENDESK)
    email, client = email_of(site, LATE), site.app.test_client()
    answers = [
        client.get("/sidebar/unknown"),
        client.post("/sidebar/unknown", json={}),
        client.post("/sidebar/unknown/orders", json={}),
        client.get(f"/sidebar/{desk.sidebar.key}"),
        client.get(f"/sidebar/{zen.sidebar.key}"),
        client.post(f"/sidebar/{zen.sidebar.key}", json={}),
        client.post(f"/sidebar/{chat.sidebar.key}", data={"token": token()}),
        ask_help_scout(site, desk, email, secret="another-secret-of-the-tests"),
        ask_freescout(site, free, email, secret=""),
        ask_frame(site, chat, "", email),
        ask_frame(site, desk, desk.secret, email),
        ask_frame(site, zen, "x", email),
        open_zendesk(site, zen, token(aud="https://tea.zendesk.com/another")),
    ]
    assert {told(answer) for answer in answers} == {NOTHING}
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    reasons = [one["why"] for one in refusals(site)]
    assert set(reasons) >= {"no token", "signature", "secret", "pass", "audience", "another vendor"}
    assert email not in json.dumps(refusals(site))


def test_a_flood_of_forgeries_does_not_fill_the_audit(site: Site) -> None:
    opened = add(site, Vendor.FREESCOUT)
    for number in range(70):
        limiter.reset()
        assert told(ask_freescout(site, opened, "a@b", secret=str(number))) == NOTHING
    assert 1 <= len(refusals(site)) <= MOST_REFUSALS


def test_asking_is_slowed_down(site: Site) -> None:
    opened = add(site, Vendor.CHATWOOT)
    answers = {ask_frame(site, opened, "x", "a@b").status_code for _ in range(130)}
    assert answers == {404, 429}


@pytest.mark.parametrize("body", [b"{" * 40_000, b"x" * (LARGEST + 1)], ids=["deep", "large"])
def test_hostile_bodies_are_bounded(site: Site, body: bytes) -> None:
    opened = add(site, Vendor.FREESCOUT)
    for path in ("", "/orders"):
        answer = site.app.test_client().post(
            f"/sidebar/{opened.sidebar.key}{path}", data=body, content_type="application/json"
        )
        assert answer.status_code in (404, 413)


def test_no_session_and_no_cookie_counts(site: Site) -> None:
    opened = add(site, Vendor.FREESCOUT)
    owner: FlaskClient = site.client("owner")
    answer = owner.post(f"/sidebar/{opened.sidebar.key}", json={"customerEmail": "a@b"})
    assert told(answer) == NOTHING
    good = ask_freescout(site, opened, email_of(site, LATE))
    assert "Set-Cookie" not in good.headers


# frames


def test_chatwoots_frame_holds_nothing_and_is_for_its_help_desk_alone(site: Site) -> None:
    opened = add(site, Vendor.CHATWOOT)
    page = site.app.test_client().get(f"/sidebar/{opened.sidebar.key}")
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {DESK}" in policy and "'none'" in policy.split(";")[0]
    assert "unsafe" not in policy and "Set-Cookie" not in page.headers
    assert opened.secret not in page.text and 'data-pass=""' in page.text
    answer = ask_frame(site, opened, opened.secret, email_of(site, LATE))
    assert answer.status_code == 200 and "days late" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_zendesks_frame_opens_with_a_token_once_and_asks_with_a_pass(site: Site) -> None:
    opened, given = add(site, Vendor.ZENDESK), token()
    page = open_zendesk(site, opened, given)
    assert page.status_code == 200
    assert f"frame-ancestors {ORIGIN}" in page.headers["Content-Security-Policy"]
    proof, email = proof_in(page.text), email_of(site, LATE)
    assert "days late" in ask_frame(site, opened, proof, email).text
    assert told(open_zendesk(site, opened, given)) == NOTHING, "a token opens one frame"
    assert "used before" in [one["why"] for one in refusals(site)]
    assert told(ask_frame(site, opened, given, email)) == NOTHING
    site.clock.at += timedelta(minutes=16)
    assert told(ask_frame(site, opened, proof, email)) == NOTHING, "a pass grows old"


def test_a_pass_is_for_its_sidebar_alone_and_no_longer_than_its_secret(site: Site) -> None:
    opened, s = add(site, Vendor.ZENDESK), site.services
    new = NewSidebar("second", Vendor.ZENDESK, ORIGIN, "33", "", PUBLIC)
    second = add_sidebar(s.db, s.box, new, who="test", now=site.clock())
    proof = proof_in(open_zendesk(site, opened, token()).text)
    assert told(ask_frame(site, second, proof, "a@b")) == NOTHING
    rotate_sidebar(s.db, s.box, "zendesk", PUBLIC, who="test", now=site.clock())
    assert told(ask_frame(site, opened, proof, "a@b")) == NOTHING


def test_used_tokens_are_kept_until_they_are_too_old_and_no_longer(site: Site) -> None:
    opened = add(site, Vendor.ZENDESK)
    for number in range(5):
        assert open_zendesk(site, opened, token(jti=str(number))).status_code == 200
    assert tokens(site) == 5
    site.clock.at += timedelta(hours=2)
    later = int(site.clock().timestamp())
    assert open_zendesk(site, opened, token(iat=later, exp=later + 60)).status_code == 200
    assert tokens(site) == 1


def tokens(site: Site) -> int:
    with site.services.db.read() as session:
        return session.scalar(select(func.count()).select_from(SidebarToken)) or 0


# owners


def test_another_secret_shuts_the_former_one_out(site: Site) -> None:
    s, opened = site.services, add(site, Vendor.HELP_SCOUT)
    again = rotate_sidebar(s.db, s.box, "helpscout", who="test", now=site.clock())
    assert again.secret != opened.secret and len(again.secret) <= 40
    assert told(ask_help_scout(site, opened, "a@b")) == NOTHING
    assert ask_help_scout(site, again, "a@b").status_code == 200


def test_what_was_removed_shows_nothing_and_leaves_nothing(site: Site) -> None:
    s, opened = site.services, add(site, Vendor.ZENDESK, Scope(frozenset({1})))
    open_zendesk(site, opened, token())
    remove_sidebar(s.db, "zendesk", who="test", now=site.clock())
    assert told(open_zendesk(site, opened, token(jti="2"))) == NOTHING
    with s.db.read() as session:
        for table in (Sidebar, SidebarStore, SidebarToken):
            assert session.scalars(select(table)).all() == []


def test_secrets_are_sealed_and_sealed_anew(site: Site) -> None:
    s, opened = site.services, add(site, Vendor.FREESCOUT)
    with s.db.read() as session:
        before = session.scalars(select(Sidebar.secret)).one()
    assert opened.secret.encode() not in before and s.box.open(before) == opened.secret
    reseal(s.db, s.box, who="test", now=site.clock())
    with s.db.read() as session:
        after = session.scalars(select(Sidebar.secret)).one()
    assert after != before and s.box.open(after) == opened.secret


@pytest.mark.parametrize(
    "wrong",
    [
        NewSidebar("Über", Vendor.FREESCOUT),
        NewSidebar("a" * 41, Vendor.FREESCOUT),
        NewSidebar("desk", Vendor.CHATWOOT),
        NewSidebar("desk", Vendor.CHATWOOT, "https://a;script-src *"),
        NewSidebar("desk", Vendor.ZENDESK, ORIGIN, "", "", PUBLIC),
        NewSidebar("desk", Vendor.ZENDESK, ORIGIN, "1", "", "no key"),
        NewSidebar("desk", Vendor.FREESCOUT, secret="short"),
        NewSidebar("desk", Vendor.HELP_SCOUT, secret="x" * 41),
        NewSidebar("taken", Vendor.FREESCOUT),
    ],
    ids=lambda wrong: f"{wrong.vendor}-{wrong.name[:6]}",
)
def test_a_sidebar_that_could_not_work_is_not_kept(site: Site, wrong: NewSidebar) -> None:
    s, now = site.services, site.clock()
    add_sidebar(s.db, s.box, NewSidebar("taken", Vendor.FREESCOUT), who="test", now=now)
    with pytest.raises(SettingsError) as error:
        add_sidebar(s.db, s.box, wrong, who="test", now=now)
    assert error.value.mend


def test_an_owner_adds_rotates_and_removes_on_a_page(site: Site) -> None:
    owner = site.client("owner")
    assert "No help desk shows orders yet." in owner.get("/help-desks").text
    form = {"name": "desk", "vendor": "helpscout", "sees": "some", "store": "1", "language": "de"}
    page = post(owner, "/help-desks", **form)
    assert page.status_code == 200
    with site.services.db.read() as session:
        sidebar = session.scalars(select(Sidebar)).one()
    secret = site.services.box.open(sidebar.secret)
    assert secret in page.text and f"/sidebar/{sidebar.key}" in page.text
    listing = owner.get("/help-desks").text
    assert secret not in listing and "<bdi>tea</bdi>" in listing and "1 help desk" in listing
    again = post(owner, f"/help-desks/{sidebar.id}/rotate")
    assert secret not in again.text and "this once" in again.text
    post(owner, f"/help-desks/{sidebar.id}/remove")
    assert "No help desk shows orders yet." in owner.get("/help-desks").text
    words = owner.get("/audit").text
    assert "added a help desk" in words and "removed a help desk" in words


def test_a_wrong_form_comes_back_with_what_is_wrong(site: Site) -> None:
    owner = site.client("owner")
    form = {"name": "desk", "vendor": "chatwoot", "origin": '"><script>'}
    page = post(owner, "/help-desks", **form)
    assert page.status_code == 422 and "That did not work." in page.text
    assert "<script>" not in page.text and 'value="desk"' in page.text
