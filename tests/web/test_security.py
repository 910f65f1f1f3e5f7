"""What protects every page: headers, forms, sign-in, sessions. Who gets what: test_roles.py."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.db.staff import AuditEntry
from app.usecases.sign_in import LINK_LIFE, LOCK_TIME, MOST_FAILURES, set_password
from tests.web.roles import ROUTES, Route, ask, open_second_shop, visitor
from tests.web.site import PEOPLE, Site, copy_of, open_site, post

PASSWORD = "a long enough password"
INTAKE = {"webhooks.receive", "carriers.receive"}
FORMS = [route for route in ROUTES if route.method == "POST"]


def test_a_stranger_is_led_to_the_sign_in_and_sees_nothing(site: Site) -> None:
    for route in ROUTES:
        if route.answers[0] == "sign in":
            answer = ask(site, site.client(), route)
            assert answer.headers["Location"] == "/sign-in"
            assert "Jürgen" not in answer.text


def test_a_refreshing_page_without_session_goes_to_the_sign_in_as_a_whole(site: Site) -> None:
    answer = site.client().get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.endpoint)
def test_a_form_without_its_token_changes_nothing(site: Site, route: Route) -> None:
    path = re.sub(r"{\w+}", "1", route.path)
    answer = site.client("owner").post(path, data=route.form)
    if route.endpoint == "setup.callback":  # its state stands for the token
        assert (answer.status_code, answer.text) == (400, "that is no JSON\n")
        return
    if route.endpoint in (
        *INTAKE,
        "customer.act",
        "sidebar.open_post",
        "sidebar.answer",
    ):  # shops and services sign; the link itself is secret
        assert answer.status_code == 404
        return
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text


def test_a_token_of_another_session_is_refused(site: Site) -> None:
    page = site.client().get("/sign-in").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    assert site.client("owner").post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_every_answer_carries_the_protecting_headers(site: Site) -> None:
    open_second_shop(site)
    pages = [route for route in ROUTES if route.endpoint not in INTAKE]
    answers = [ask(site, visitor(site, "owner"), route) for route in pages]
    client = visitor(site, "owner")
    answers += [client.get("/nowhere"), client.get("/sign-out"), client.post("/sign-out")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        if not answer.request.path.startswith("/static"):
            assert "no-store" in answer.headers["Cache-Control"]


def test_a_nonce_is_never_used_twice(site: Site) -> None:
    client = site.client()
    nonces = {
        re.findall(r"nonce-([\w-]+)", client.get("/sign-in").headers["Content-Security-Policy"])[0]
        for _ in range(5)
    }
    assert len(nonces) == 5


def test_the_cookie_is_for_the_browser_alone(site: Site) -> None:
    answer = post(site.client(), f"/sign-in/{site.link('owner')}")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    site.app.config["SESSION_COOKIE_SECURE"] = True
    assert "Secure" in post(site.client(), f"/sign-in/{site.link('owner')}").headers["Set-Cookie"]


def test_a_one_time_link_signs_in_once(site: Site) -> None:
    token = site.link("agent")
    assert site.client().get(f"/sign-in/{token}").status_code == 200, "looking does not use it up"
    assert post(site.client(), f"/sign-in/{token}").status_code == 302
    again = post(site.client(), f"/sign-in/{token}")
    assert again.status_code == 401
    assert "used already or is too old" in again.text


def test_a_one_time_link_grows_too_old(site: Site) -> None:
    token = site.link("agent")
    site.clock.at += LINK_LIFE
    assert post(site.client(), f"/sign-in/{token}").status_code == 401


def give_password(site: Site, role: str) -> None:
    set_password(site.services.db, PEOPLE[role], PASSWORD, who="test", now=site.clock())


def test_wrong_passwords_lock_a_person_out_for_a_while(site: Site) -> None:
    give_password(site, "owner")
    client = site.client()
    for _ in range(MOST_FAILURES):
        wrong = post(client, "/sign-in", email=PEOPLE["owner"], password="wrong")
        assert wrong.status_code == 401
    right = {"email": PEOPLE["owner"], "password": PASSWORD}
    locked = post(client, "/sign-in", **right)
    assert (locked.status_code, flash(locked)) == (401, flash(wrong)), "it does not say why"
    site.clock.at += LOCK_TIME + timedelta(seconds=1)
    assert post(client, "/sign-in", **right).status_code == 302


def flash(answer: Any) -> str:
    found = re.search(r'role="status">([^<]+)<', answer.text)
    return found[1] if found else ""


def test_an_unknown_address_is_answered_like_a_wrong_password(site: Site) -> None:
    give_password(site, "owner")
    known = post(site.client(), "/sign-in", email=PEOPLE["owner"], password="wrong")
    unknown = post(site.client(), "/sign-in", email="no@tea.example", password="wrong")
    assert (known.status_code, flash(known)) == (unknown.status_code, flash(unknown))


def test_guessing_is_slowed_down_with_a_calm_page(site: Site) -> None:
    client = site.client()
    codes = [post(client, "/sign-in", email="x@y.example", password="z") for _ in range(11)]
    assert codes[-1].status_code == 429
    assert "Wait a minute" in codes[-1].text


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(site: Site, next_: str) -> None:
    client = site.client()
    token = re.findall(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[0]
    path = f"/sign-in/{site.link('owner')}"
    answer = client.post(path, query_string={"next": next_}, data={"csrf_token": token})
    assert answer.headers["Location"] == "/"
    assert "evil" not in (client.get(f"/{next_}").headers.get("Location") or "")


def test_every_session_ends_when_the_password_changes(site: Site) -> None:
    client = site.client("owner")
    assert client.get("/").status_code == 200
    give_password(site, "owner")
    assert client.get("/").status_code == 302


def test_signing_out_ends_the_session(site: Site) -> None:
    client = site.client("reader")
    post(client, "/sign-out")
    assert client.get("/").status_code == 302


def test_a_session_signed_with_another_key_opens_nothing(site: Site, tmp_path: Any) -> None:
    client = site.client("owner")
    cookie = client.get_cookie("kikubari")
    assert cookie
    other = copy_of(site.services.settings.data_dir, tmp_path / "other")
    (other / "secret.key").write_text("another key of another installation " * 2)
    elsewhere = open_site(other)
    stranger = elsewhere.client()
    stranger.set_cookie("kikubari", cookie.value)
    assert stranger.get("/").status_code == 302
    elsewhere.services.db.dispose()


def test_opening_a_document_stands_on_the_audit(site: Site) -> None:
    site.client("reader").get(f"/documents/{site.document_id()}.pdf")
    with site.services.db.read() as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest and (newest.who, newest.action) == (PEOPLE["reader"], "document.open")


@pytest.mark.parametrize("path", ["/orders/tea/99999999999999999999", "/orders/x/1", "/nowhere"])
def test_what_is_not_there_is_said_calmly(site: Site, path: str) -> None:
    answer = site.client("reader").get(path)
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text


def test_a_dead_document_link_speaks_to_the_customer(site: Site) -> None:
    answer = site.client().get("/d/guess")
    assert "This link opens nothing." in answer.text
    assert 'href="/"' not in answer.text


def test_programs_get_a_line_and_no_page(site: Site) -> None:
    answer = site.client().post("/healthz")
    assert (answer.status_code, answer.mimetype, answer.text) == (405, "text/plain", "405\n")
    assert "GET" in answer.headers["Allow"]


def test_a_database_that_is_away_is_said_without_asking_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.client("owner")

    def gone() -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(site.services.db, "read", gone)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "The database does not answer." in answer.text
    assert "OperationalError" not in answer.text and "SELECT" not in answer.text


def test_a_fault_of_ours_shows_no_traceback(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client("owner")
    monkeypatch.setattr("app.web.staff.overview", lambda *_, **__: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something failed here." in answer.text and "ZeroDivision" not in answer.text
