"""Sessions and the second step, as somebody who means no good would try them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.audit_trail import AuditEntry
from app.db.sessions import HALF, IDLE, LONGEST, SignedIn
from app.db.staff import Person, person_by_email
from app.usecases.manage_people import add_person, remove_person, reset_codes
from app.usecases.note_use import COARSE
from app.usecases.reseal import reseal
from app.usecases.sign_in import LOCK_TIME, LONGEST_LOCK, MOST_FAILURES, make_link, set_password
from app.usecases.verify_audit import verify_audit
from app.web.safety import limiter
from tests.web.site import PEOPLE, Site, post

PASSWORD, OTHER = "a long enough password", "another long enough one"
STEP = timedelta(seconds=30)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    """Rate limits have tests of their own."""
    limiter.enabled = False
    yield
    limiter.enabled = True


def person(site: Site, role: str = "agent") -> Person:
    with site.services.db.read() as session:
        found = person_by_email(session, PEOPLE[role])
    assert found
    return found


def rows(site: Site, table: Any) -> list[Any]:
    with site.services.db.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def sign_in(site: Site, password: str = PASSWORD, role: str = "agent") -> tuple[FlaskClient, Any]:
    client = site.app.test_client()
    return client, post(client, "/sign-in", email=PEOPLE[role], password=password)


def give_password(site: Site, role: str = "agent") -> None:
    set_password(site.services.db, PEOPLE[role], PASSWORD, who="test", now=site.clock())


class Phone:
    """A person's app, and the recovery codes on their wall."""

    def __init__(self, site: Site, client: FlaskClient) -> None:
        self._site = site
        assert post(client, "/account/code").headers["Location"] == "/account/code"
        page = client.get("/account/code").text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found and "data:image/svg+xml" in page
        self.totp = pyotp.TOTP(found[1].replace(" ", ""))
        shown = post(client, "/account/code/confirm", code=self.code()).text
        self.recovery = re.findall(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>", shown)

    def code(self) -> str:
        return self.totp.at(self._site.clock())


@pytest.fixture
def phone(site: Site) -> Phone:
    """An agent who signs in with a password and a code."""
    give_password(site)
    client, answer = sign_in(site)
    assert answer.headers["Location"] == "/"
    made = Phone(site, client)
    site.clock.at += STEP
    return made


def half_in(site: Site) -> FlaskClient:
    client, answer = sign_in(site)
    assert answer.headers["Location"] == "/sign-in-code"
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


# sessions


def test_a_session_planted_beforehand_is_not_the_one_that_signs_in(site: Site) -> None:
    give_password(site)
    client = site.app.test_client()
    client.get("/sign-in")
    planted = client.get_cookie("kikubari")
    post(client, "/sign-in", email=PEOPLE["agent"], password=PASSWORD)
    thief = site.app.test_client()
    assert planted
    thief.set_cookie("kikubari", planted.value)
    assert is_in(client) and not is_in(thief)


def test_a_form_token_of_before_the_sign_in_is_worth_nothing_after_it(site: Site) -> None:
    give_password(site)
    client = site.app.test_client()
    token = re.findall(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[0]
    post(client, "/sign-in", email=PEOPLE["agent"], password=PASSWORD)
    assert client.post("/account/sessions/end", data={"csrf_token": token}).status_code == 400


def test_a_copied_cookie_opens_nothing_after_the_sign_out(site: Site) -> None:
    client, other = site.client("agent"), site.client("agent")
    cookie = client.get_cookie("kikubari")
    thief = site.app.test_client()
    assert cookie
    thief.set_cookie("kikubari", cookie.value)
    assert is_in(thief)
    post(client, "/sign-out")
    assert not is_in(thief) and not is_in(client)
    assert is_in(other), "signing out ends this session alone"


def test_only_the_hash_of_a_session_is_kept(site: Site) -> None:
    client = site.client("agent")
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    (row,) = rows(site, SignedIn)
    assert token not in str(vars(row)) and len(token) > 40


def test_a_guessed_or_malformed_session_opens_nothing(site: Site) -> None:
    for token in ("1.0", "1", "", "x" * 5000, "\x00", None):
        client = site.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        assert client.get("/").status_code == 302, token


def test_a_session_ends_by_itself(site: Site) -> None:
    client = site.client("agent")
    site.clock.at += IDLE - timedelta(minutes=1)
    assert is_in(client)
    site.clock.at += IDLE - timedelta(minutes=1)
    assert is_in(client), "using it keeps it alive"
    site.clock.at += IDLE
    assert not is_in(client)


def test_no_session_lives_longer_than_thirty_days(site: Site) -> None:
    client, begun = site.client("agent"), site.clock.at
    while site.clock.at + timedelta(hours=8) < begun + LONGEST:
        site.clock.at += timedelta(hours=8)
        assert is_in(client)
    site.clock.at = begun + LONGEST
    assert not is_in(client)


def test_reading_pages_writes_nothing_for_minutes(site: Site) -> None:
    client = site.client("agent")
    before = rows(site, SignedIn)[0].seen_at
    site.clock.at += COARSE - timedelta(seconds=1)
    client.get("/")
    assert rows(site, SignedIn)[0].seen_at == before
    site.clock.at += timedelta(seconds=1)
    client.get("/")
    assert rows(site, SignedIn)[0].seen_at == site.clock.at


def test_the_account_lists_sessions_without_whole_addresses_and_ends_them(site: Site) -> None:
    here, there = site.client("agent"), site.app.test_client()
    about = {"User-Agent": FIREFOX}
    page = there.get("/sign-in", headers=about).text
    token = re.findall(r'csrf_token" value="([^"]+)"', page)[0]
    there.post(
        f"/sign-in/{site.link('agent')}",
        data={"csrf_token": token},
        headers=about,
        environ_base={"REMOTE_ADDR": "203.0.113.77"},
    )
    words = here.get("/account").text
    assert "Firefox, Linux" in words and "203.0.113.0/24" in words and "203.0.113.77" not in words
    newest = rows(site, SignedIn)[-1].id
    assert post(here, f"/account/sessions/{newest}/end").status_code == 302
    assert is_in(here) and not is_in(there)


def test_all_other_sessions_are_ended_at_once(site: Site) -> None:
    here, others = site.client("agent"), [site.client("agent") for _ in range(3)]
    strangers = site.client("reader")
    post(here, "/account/sessions/end")
    assert [is_in(one) for one in (here, *others, strangers)] == [True, False, False, False, True]


def test_nobody_ends_a_session_of_somebody_else(site: Site) -> None:
    victim = site.client("owner")
    row = rows(site, SignedIn)[0].id
    assert post(site.client("agent"), f"/account/sessions/{row}/end").status_code == 404
    assert is_in(victim)


def test_who_was_removed_is_out_at_once_and_stays_out(site: Site) -> None:
    give_password(site)
    client, _ = sign_in(site)
    link = site.link("agent")
    s = site.services
    remove_person(s.db, person(site).id, who="test", now=site.clock())
    assert not is_in(client)
    assert post(site.client(), f"/sign-in/{link}").status_code == 401
    assert sign_in(site)[1].status_code == 401
    add_person(s.db, PEOPLE["agent"], "reader", who="test", now=site.clock())
    assert not is_in(client), "and an old cookie does not come back with a new beginning"
    assert sign_in(site)[1].status_code == 401


# passwords


def change(client: FlaskClient, old: str, new: str = OTHER) -> str:
    post(client, "/account/password", old=old, new=new)
    return str(client.get("/account").text)


def test_a_new_password_asks_for_the_old_one(site: Site) -> None:
    give_password(site)
    client, _ = sign_in(site)
    assert "the old password is not right" in change(client, "wrong")
    assert "needs 12 characters" in change(client, PASSWORD, "short")
    elsewhere, _ = sign_in(site)
    assert "Your password is changed." in change(client, PASSWORD)
    assert is_in(client) and not is_in(elsewhere)
    assert sign_in(site)[1].status_code == 401 and sign_in(site, OTHER)[1].status_code == 302


def test_trying_old_passwords_in_an_open_session_locks_as_at_the_sign_in(site: Site) -> None:
    give_password(site)
    client, _ = sign_in(site)
    for _ in range(MOST_FAILURES):
        change(client, "wrong")
    assert "the old password is not right" in change(client, PASSWORD)
    site.clock.at += LOCK_TIME
    assert "Your password is changed." in change(client, PASSWORD)


def test_a_link_stands_for_a_forgotten_password_for_a_short_while(site: Site) -> None:
    give_password(site)
    client = site.client("agent")
    assert "The old one" not in client.get("/account").text
    assert "Your password is changed." in change(client, "")
    late = site.client("agent")
    site.clock.at += timedelta(minutes=31)
    assert "the old password is not right" in change(late, "")


def test_a_new_link_ends_the_ones_before(site: Site) -> None:
    first, second = site.link("agent"), site.link("agent")
    assert post(site.client(), f"/sign-in/{first}").status_code == 401
    assert post(site.client(), f"/sign-in/{second}").status_code == 302


def test_a_changed_password_ends_open_links(site: Site) -> None:
    link = site.link("agent")
    give_password(site)
    assert post(site.client(), f"/sign-in/{link}").status_code == 401


# the second step


def test_with_a_code_the_way_in_is_two_steps(site: Site, phone: Phone) -> None:
    client = half_in(site)
    assert not is_in(client)
    assert post(client, "/sign-in-code", code=phone.code()).headers["Location"] == "/"
    assert is_in(client)


def test_half_a_session_opens_nothing_but_the_form(site: Site, phone: Phone) -> None:
    client = half_in(site)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = cookie["half"]
    assert not is_in(client), "not even where its token is put in the place of a whole one"


def test_a_whole_session_is_no_half_one(site: Site, phone: Phone) -> None:
    client = half_in(site)
    post(client, "/sign-in-code", code=phone.code())
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    thief = site.app.test_client()
    thief.get("/sign-in")
    with thief.session_transaction() as cookie:
        cookie["half"] = token
    site.clock.at += STEP
    assert post(thief, "/sign-in-code", code=phone.code()).status_code == 401


def test_a_code_is_taken_once(site: Site, phone: Phone) -> None:
    code, first, second = phone.code(), half_in(site), half_in(site)
    assert post(first, "/sign-in-code", code=code).status_code == 302
    replayed = post(second, "/sign-in-code", code=code)
    assert replayed.status_code == 401 and "used already" in replayed.text
    site.clock.at += STEP
    assert post(second, "/sign-in-code", code=phone.code()).status_code == 302


def test_a_code_older_than_one_that_was_taken_is_refused(site: Site, phone: Phone) -> None:
    old = phone.code()
    site.clock.at += STEP
    post(half_in(site), "/sign-in-code", code=phone.code())
    assert post(half_in(site), "/sign-in-code", code=old).status_code == 401


def test_the_code_that_confirmed_the_app_does_not_sign_in(site: Site) -> None:
    give_password(site)
    client, _ = sign_in(site)
    phone = Phone(site, client)
    assert post(half_in(site), "/sign-in-code", code=phone.code()).status_code == 401


@pytest.mark.parametrize("drift", [-1, 1])
def test_a_phone_may_be_half_a_minute_off(site: Site, phone: Phone, drift: int) -> None:
    site.clock.at += STEP
    code = phone.totp.at(site.clock() + drift * STEP)
    assert post(half_in(site), "/sign-in-code", code=f"{code[:3]} {code[3:]}").status_code == 302


@pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "é" * 9, "A" * 9000, "-", "1" * 7])
def test_what_is_no_code_is_refused(site: Site, phone: Phone, code: str) -> None:
    assert post(half_in(site), "/sign-in-code", code=code).status_code == 401


def test_the_first_step_says_nothing_to_who_does_not_know_the_password(
    site: Site, phone: Phone
) -> None:
    """With a second step or without, known or not, locked or not: the same words."""
    set_password(site.services.db, PEOPLE["reader"], PASSWORD, who="test", now=site.clock())
    answers = [sign_in(site, "wrong", role)[1] for role in ("agent", "reader", "owner")]
    said = {(one.status_code, re.sub(r'(nonce|value)="[^"]+"', "", one.text)) for one in answers}
    assert len(said) == 1


def test_the_right_password_alone_does_not_forget_wrong_codes(site: Site, phone: Phone) -> None:
    for _ in range(MOST_FAILURES):
        answer = post(half_in(site), "/sign-in-code", code="000000")
    assert "Begin again." in answer.text
    assert sign_in(site)[1].status_code == 401, "locked out"
    site.clock.at += LOCK_TIME
    assert post(half_in(site), "/sign-in-code", code=phone.code()).status_code == 302


def test_guessing_codes_takes_ever_longer(site: Site, phone: Phone) -> None:
    pauses = []
    for _ in range(9):
        for _ in range(MOST_FAILURES):
            post(half_in(site), "/sign-in-code", code="000000")
        until = person(site).locked_until
        assert until
        pauses.append(until - site.clock())
        site.clock.at = until
    assert pauses[:3] == [LOCK_TIME, LOCK_TIME * 2, LOCK_TIME * 4]
    assert pauses[-1] == LONGEST_LOCK


def test_while_locked_the_right_code_opens_nothing(site: Site, phone: Phone) -> None:
    waiting = half_in(site)
    for _ in range(MOST_FAILURES):
        post(half_in(site), "/sign-in-code", code="000000")
    assert post(waiting, "/sign-in-code", code=phone.code()).status_code == 401
    assert not is_in(waiting)


def test_codes_are_rate_limited(site: Site, phone: Phone) -> None:
    limiter.enabled = True
    limiter.reset()
    client = half_in(site)
    codes = [post(client, "/sign-in-code", code="x").status_code for _ in range(11)]
    assert codes[-1] == 429


def test_the_second_step_waits_five_minutes(site: Site, phone: Phone) -> None:
    client = half_in(site)
    site.clock.at += HALF
    answer = post(client, "/sign-in-code", code=phone.code())
    assert answer.status_code == 401 and "Begin again." in answer.text


def test_a_link_does_not_go_round_the_second_step(site: Site, phone: Phone) -> None:
    client = site.app.test_client()
    answer = post(client, f"/sign-in/{site.link('agent')}")
    assert answer.headers["Location"] == "/sign-in-code" and not is_in(client)


def test_a_recovery_code_stands_in_once(site: Site, phone: Phone) -> None:
    assert len(set(phone.recovery)) == 10
    one = phone.recovery[0]
    assert post(half_in(site), "/sign-in-code", code=one.lower()).status_code == 302
    assert post(half_in(site), "/sign-in-code", code=one).status_code == 401
    client = half_in(site)
    assert post(client, "/sign-in-code", code=phone.recovery[1]).status_code == 302
    assert "8 recovery codes are left" in client.get("/account").text


def test_a_recovery_code_of_somebody_else_opens_nothing(site: Site, phone: Phone) -> None:
    set_password(site.services.db, PEOPLE["reader"], PASSWORD, who="test", now=site.clock())
    client, _ = sign_in(site, role="reader")
    others = Phone(site, client)
    assert post(half_in(site), "/sign-in-code", code=others.recovery[0]).status_code == 401


def test_nothing_secret_is_kept_in_clear_or_put_on_the_audit(site: Site, phone: Phone) -> None:
    s = site.services
    post(half_in(site), "/sign-in-code", code=phone.recovery[0])
    with s.db.engine.connect() as connection:
        raw = b"".join(
            repr(tuple(row)).encode()
            for table in ("people", "recovery_codes", "sessions", "audit", "sign_in_links")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        )
    for secret in (phone.totp.secret, *phone.recovery, phone.recovery[0].replace("-", "")):
        assert secret.encode() not in raw
    assert verify_audit(s.db).broken is None


def test_a_secret_that_was_not_confirmed_is_asked_for_by_nobody(site: Site) -> None:
    give_password(site)
    client, _ = sign_in(site)
    post(client, "/account/code")
    assert post(client, "/account/code/confirm", code="000000").status_code == 302
    assert sign_in(site)[1].headers["Location"] == "/"


def test_turning_it_on_ends_sessions_that_were_opened_without_it(site: Site) -> None:
    give_password(site)
    old, _ = sign_in(site)
    client, _ = sign_in(site)
    Phone(site, client)
    assert is_in(client) and not is_in(old)


def test_a_second_secret_cannot_be_put_over_the_first(site: Site, phone: Phone) -> None:
    client = half_in(site)
    post(client, "/sign-in-code", code=phone.code())
    before = person(site).code_secret
    assert post(client, "/account/code").headers["Location"] == "/account"
    assert client.get("/account/code").status_code == 302, "and the first is shown no more"
    assert person(site).code_secret == before


def test_turning_it_off_needs_password_and_code(site: Site, phone: Phone) -> None:
    client = half_in(site)
    post(client, "/sign-in-code", code=phone.code())
    site.clock.at += STEP
    for password, code in ((PASSWORD, "000000"), ("wrong", phone.code()), ("", "")):
        post(client, "/account/code/end", password=password, code=code)
        assert person(site).asks_for_code
    post(client, "/account/code/end", password=PASSWORD, code=phone.code())
    assert not person(site).asks_for_code and person(site).code_secret is None
    assert sign_in(site)[1].headers["Location"] == "/"


def test_who_lost_everything_is_let_in_by_an_owner(site: Site, phone: Phone) -> None:
    client = half_in(site)
    post(client, "/sign-in-code", code=phone.code())
    reset_codes(site.services.db, person(site).id, who=PEOPLE["owner"], now=site.clock())
    assert not is_in(client)
    assert sign_in(site)[1].headers["Location"] == "/"
    (entry,) = [one for one in rows(site, AuditEntry) if one.action == "staff.code_reset"]
    assert (entry.who, entry.what) == (PEOPLE["owner"], {"person": person(site).id})


def test_codes_survive_a_new_encryption_key(site: Site, phone: Phone) -> None:
    before = person(site).code_secret
    reseal(site.services.db, site.services.box, who="test", now=site.clock())
    assert person(site).code_secret != before
    assert post(half_in(site), "/sign-in-code", code=phone.code()).status_code == 302


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_second_step_leads_nowhere_else(site: Site, phone: Phone, next_: str) -> None:
    client = half_in(site)
    token = re.findall(r'csrf_token" value="([^"]+)"', client.get("/sign-in-code").text)[0]
    given = {"csrf_token": token, "code": phone.code(), "next": next_}
    answer = client.post("/sign-in-code", query_string={"next": next_}, data=given)
    assert answer.headers["Location"] == "/"


def test_a_link_made_twice_opens_one_session_however_fast_one_clicks(site: Site) -> None:
    token = make_link(site.services.db, PEOPLE["agent"], who="test", now=site.clock())
    answers = [post(site.app.test_client(), f"/sign-in/{token}").status_code for _ in range(3)]
    assert answers == [302, 401, 401]
