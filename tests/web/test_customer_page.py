"""The page of an order: what its customer sees and may ask for, and who sees nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.adapters.links import FORM_SECONDS, SignedLinks
from app.adapters.wording import TemplateWording
from app.db.audit_trail import AuditEntry
from app.db.customers import PAGE_LIFE, CustomerLink, OptOut
from app.db.documents import DocumentLink
from app.db.orders import Order
from app.db.stores import store_by_name
from app.db.tasks import Task
from app.domain.notice import NoticeKind
from app.errors import KikubariError
from app.i18n import CUSTOMER_LANGUAGES
from app.usecases.link_page import close_page, show_page_link
from app.usecases.manage_stores import save_settings
from app.web.safety import limiter
from tests.web.site import (
    CANCELLED,
    HOSTILE,
    LATE,
    LONG_NAME,
    NORMAL,
    REFUNDED,
    RTL,
    SCRIPT,
    SHIPPED,
    Site,
    post,
)
from tests.web.test_pages import (  # noqa: F401 -- fixtures are found by their names
    OVERFLOW,
    PHONE,
    Visit,
    _fresh,
    chromium,
    look,
    visit,
)

FORM = re.compile(r'name="form" value="([^"]+)"')
EVERY_CHOICE = ("wait", "address", "exchange", "cancel")


def path_of(site: Site, number: int) -> str:
    s = site.services
    url = show_page_link(s.db, s.links, "tea", number, who="test", now=site.clock())
    return url.removeprefix(s.links.public_url)


def opened(site: Site, number: int) -> Any:
    limiter.reset()
    return site.client().get(path_of(site, number))


def send(site: Site, path: str, wish: str, words: str = "", form: str | None = None) -> Any:
    client = site.client()
    found = FORM.search(client.get(path).text)
    token = (found[1] if found else "") if form is None else form
    return client.post(path, data={"form": token, "wish": wish, "words": words})


def kept(site: Site, table: Any) -> list[Any]:
    with site.services.db.read() as session:
        return list(session.scalars(select(table)))


def change(site: Site, **changes: Any) -> None:
    save_settings(site.services.db, "tea", changes, who="test", now=site.clock())


def speak(site: Site, language: str) -> None:
    change(site, language=language, languages=[language])


# what it shows


def test_the_first_line_says_what_is_going_on(site: Site) -> None:
    said = {number: opened(site, number).text for number in (LATE, SHIPPED, CANCELLED, REFUNDED)}
    assert "verspätet sich. Wir rechnen nun damit, dass sie bis" in said[LATE]
    assert "Ihre Bestellung 53 wurde am Freitag, 20. November 2026 versandt." in said[SHIPPED]
    assert "Your order 51 has been cancelled." in said[CANCELLED]
    assert "Ihre Bestellung 65 wurde erstattet." in said[REFUNDED]


def test_a_late_order_shows_both_dates_and_that_its_customer_was_told(site: Site) -> None:
    page = opened(site, LATE).text
    assert "Nun erwartet bis" in page and "Erster Termin" in page
    assert "Wir haben Ihnen eine Verspätung gemeldet. Neuer Termin:" in page


def test_the_invoice_opens_through_its_own_link(site: Site) -> None:
    page = opened(site, NORMAL).text
    address = re.search(r'href="([^"]+/d/[^"]+)"', page)
    assert address and "Rechnung öffnen (PDF)" in page
    opened_pdf = site.client().get(address[1].removeprefix(site.services.links.public_url))
    assert opened_pdf.mimetype == "application/pdf"


def test_it_holds_nothing_of_its_customer_beyond_the_order(site: Site) -> None:
    with site.services.db.read() as session:
        order = session.scalars(select(Order).where(Order.remote_id == NORMAL)).one()
    billing = order.payload["billing"]
    page = opened(site, NORMAL).text
    for field in ("email", "phone", "address_1", "postcode", "last_name"):
        assert billing[field], "the recorded order has it"
        assert billing[field] not in page


def test_nobody_keeps_it_and_no_cookie_is_set(site: Site) -> None:
    answer = opened(site, LATE)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert 'name="robots" content="noindex' in answer.text
    assert "Set-Cookie" not in answer.headers and "<script" not in answer.text


def test_it_opens_when_the_shop_is_down(site: Site) -> None:
    def down(store: object) -> object:
        raise AssertionError("the shop was asked")

    site.services.shop = down  # type: ignore[assignment, method-assign]
    assert opened(site, LATE).status_code == 200


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
def test_it_speaks_the_customers_language(site: Site, language: str) -> None:
    speak(site, language)
    answer = opened(site, LATE)
    assert answer.status_code == 200
    tag = re.search(r'<html lang="([^"]+)" dir="([^"]+)"', answer.text)
    assert tag and tag[1].startswith(language.replace("_", "-"))
    assert tag[2] == ("rtl" if language in ("ar", "he") else "ltr")
    if language != "en":
        assert "What you can do" not in answer.text and "Your order" not in answer.text


def test_it_speaks_in_the_shops_voice(site: Site) -> None:
    speak(site, "de")
    assert "Was Sie tun können" in opened(site, LATE).text
    change(site, voice="friendly")
    page = opened(site, LATE).text
    assert "Was du tun kannst" in page and not re.search(r"\bIh(nen|re?)\b", page)


# who sees it


def wrong_tokens(site: Site) -> dict[str, str]:
    path = path_of(site, LATE)
    token = path.removeprefix("/o/")
    with site.services.db.read() as session:
        link = session.scalars(select(CustomerLink)).first()
        paper = session.scalars(select(DocumentLink)).first()
    assert link and paper
    elsewhere = SignedLinks("", "another key")
    return {
        "nothing": "x",
        "cut": token[:-1],
        "longer": token + "A",
        "turned": token[::-1],
        "signed by another": elsewhere.page(link.id, link.nonce).removeprefix("/o/"),
        "of a nonce that is nobody's": site.services.links.page(link.id, "n" * 22).rsplit("/", 1)[
            1
        ],
        "of a document": site.services.links.document(paper.id, paper.nonce).rsplit("/", 1)[1],
        "of a form": site.services.links.form(link.nonce, site.clock()),
        "very long": "A" * 5000,
        "not ASCII": "é.ü",
        "an order's number": str(LATE),
    }


def test_no_other_token_opens_it_and_each_is_refused_alike(site: Site) -> None:
    answers = {}
    for name, token in wrong_tokens(site).items():
        limiter.reset()
        answer = site.client().get(f"/o/{token}")
        answers[name] = answer.status_code
        assert "This link opens nothing." in answer.text and str(LATE) not in answer.text
        limiter.reset()
        assert site.client().post(f"/o/{token}", data={"wish": "cancel"}).status_code == 404
    assert set(answers.values()) == {404}
    assert kept(site, Task) == []


def test_a_pages_token_opens_no_document(site: Site) -> None:
    token = path_of(site, LATE).removeprefix("/o/")
    assert site.client().get(f"/d/{token}").status_code == 404


def test_an_expired_link_opens_nothing(site: Site) -> None:
    path = path_of(site, LATE)
    site.clock.at += PAGE_LIFE - timedelta(seconds=1)
    assert site.client().get(path).status_code == 200
    site.clock.at += timedelta(seconds=1)
    assert site.client().get(path).status_code == 404


def test_a_revoked_link_opens_nothing_and_a_new_one_does(site: Site) -> None:
    path = path_of(site, LATE)
    number = close_page(site.services.db, "tea", LATE, who="test", now=site.clock())
    assert number == 1 and site.client().get(path).status_code == 404
    again = path_of(site, LATE)
    assert again != path and site.client().get(again).status_code == 200


def test_an_order_has_one_link_however_often_it_is_asked_for(site: Site) -> None:
    assert path_of(site, LATE) == path_of(site, LATE) != path_of(site, NORMAL)
    with pytest.raises(KikubariError, match="tea has no order 424242"):
        path_of(site, 424242)


def test_guessing_is_slowed_down(site: Site) -> None:
    client: FlaskClient = site.client()
    codes = [client.get("/o/guess").status_code for _ in range(62)]
    assert codes[0] == 404 and codes[-1] == 429


# what they may ask for


def test_opening_it_changes_nothing(site: Site) -> None:
    path = path_of(site, LATE)
    before = [len(kept(site, table)) for table in (Task, OptOut, AuditEntry, CustomerLink)]
    for ask in (site.client().get, site.client().head):
        assert ask(path).status_code == 200
    assert site.client().get(f"{path}?wish=cancel&form=x").status_code == 200
    after = [len(kept(site, table)) for table in (Task, OptOut, AuditEntry, CustomerLink)]
    assert after == before


@pytest.mark.parametrize("choice", EVERY_CHOICE)
def test_each_choice_becomes_one_task_and_cancels_nothing(site: Site, choice: str) -> None:
    path = path_of(site, LATE)
    for _ in range(2):
        limiter.reset()
        assert send(site, path, choice, "Neue Straße 1\n10969 Berlin").status_code == 303
    [task] = kept(site, Task)
    with_words = choice in ("address", "exchange")
    assert (task.kind, task.words) == (choice, "Neue Straße 1 10969 Berlin" if with_words else "")
    with site.services.db.read() as session:
        order = session.scalars(select(Order).where(Order.remote_id == LATE)).one()
    assert order.status == "processing"
    page = site.client().get(path).text
    assert "Unser Team weiß Bescheid." in page and f'value="{choice}"' not in page
    assert [one.what["it"] for one in kept(site, AuditEntry) if one.action == "task.add"] == [
        choice
    ]


def test_a_choice_without_its_words_is_asked_again(site: Site) -> None:
    answer = send(site, path_of(site, LATE), "address", "  ")
    assert answer.status_code == 422 and "Bitte schreiben Sie ein paar Worte" in answer.text
    assert kept(site, Task) == []


def test_only_what_the_owner_allows_can_be_asked_for(site: Site) -> None:
    change(site, choices=["wait"])
    path = path_of(site, LATE)
    page = site.client().get(path).text
    assert [one for one in EVERY_CHOICE if f'value="{one}"' in page] == ["wait"]
    for choice in ("cancel", "nonsense", ""):
        send(site, path, choice)
    assert kept(site, Task) == []


@pytest.mark.parametrize("number", [NORMAL, SHIPPED, CANCELLED, REFUNDED])
def test_an_order_that_is_not_late_offers_nothing_to_choose(site: Site, number: int) -> None:
    path = path_of(site, number)
    page = site.client().get(path).text
    assert not any(f'value="{one}"' in page for one in EVERY_CHOICE)
    send(site, path, "cancel")
    assert kept(site, Task) == []


def other_form(site: Site, path: str) -> str:
    found = FORM.search(site.client().get(path_of(site, NORMAL)).text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "forged", [lambda site, path: "", lambda site, path: path.removeprefix("/o/"), other_form]
)
def test_a_form_that_is_not_the_pages_own_changes_nothing(
    site: Site, forged: Callable[[Site, str], str]
) -> None:
    path = path_of(site, LATE)
    for wish in ("cancel", "mute"):
        answer = send(site, path, wish, form=forged(site, path))
        assert answer.status_code == 409 and "wurde nichts geändert" in answer.text
    assert kept(site, Task) == kept(site, OptOut) == []


def test_a_form_that_lay_open_for_a_day_changes_nothing(site: Site) -> None:
    path = path_of(site, LATE)
    found = FORM.search(site.client().get(path).text)
    assert found
    site.clock.at += timedelta(seconds=FORM_SECONDS + 1)
    assert send(site, path, "cancel", form=found[1]).status_code == 409
    site.clock.at -= timedelta(seconds=1)
    assert send(site, path, "cancel", form=found[1]).status_code == 303


def test_a_customer_can_ask_for_silence_and_take_it_back(site: Site) -> None:
    path = path_of(site, LATE)
    assert send(site, path, "mute").status_code == 303
    [muted] = kept(site, OptOut)
    assert muted.by == "customer" and "@" in muted.email
    assert "nicht über Verspätungen zu schreiben" in site.client().get(path).text
    assert send(site, path, "unmute").status_code == 303
    assert kept(site, OptOut) == []
    actions = [one.action for one in kept(site, AuditEntry)]
    assert actions[-2:] == ["customer.opt_out", "customer.opt_in"]


# what staff see of it


def test_staff_see_the_task_and_close_it(site: Site) -> None:
    send(site, path_of(site, LATE), "address", f"{SCRIPT} {RTL}")
    agent = site.client("agent")
    overview = agent.get("/").text
    assert "Change the address" in overview and "&lt;script&gt;" in overview
    assert SCRIPT not in overview and "\u202e" not in overview
    page = agent.get(f"/orders/tea/{LATE}").text
    assert "&lt;script&gt;" in page and SCRIPT not in page and "\u202e" not in page
    [task] = kept(site, Task)
    assert post(agent, f"/tasks/{task.id}/done").status_code == 302
    [done] = kept(site, Task)
    assert done.done_by == "agent@tea.example" and done.done_at == site.clock()
    assert "Change the address" not in agent.get("/").text
    assert "done by agent@tea.example" in agent.get(f"/orders/tea/{LATE}").text
    assert "hat sich darum gekümmert" in opened(site, LATE).text
    assert [one.who for one in kept(site, AuditEntry) if one.action == "task.done"] == [
        "agent@tea.example"
    ]


def test_a_reader_sees_the_task_without_a_button(site: Site) -> None:
    send(site, path_of(site, LATE), "wait")
    page = site.client("reader").get(f"/orders/tea/{LATE}").text
    assert "The customer waits" in page and "/done" not in page


# the notices that lead to it


@pytest.mark.parametrize("kind", [NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN])
def test_a_notice_promises_no_more_than_the_owner_allows(kind: NoticeKind) -> None:
    facts = {"order_number": "7", "promised_on": "", "expected_on": "2026-11-30", "contact": ""}
    said = [
        TemplateWording().compose(
            kind, facts | {"all_choices": every}, language="en", reference="KK-7F3QX2MP"
        )
        for every in (True, False)
    ]
    assert "cancel the order" in said[0] and "cancel" not in said[1]
    assert "href" not in said[0] + said[1], "no link where none would open"


def test_the_delay_notice_links_to_the_page(site: Site) -> None:
    with site.services.db.read() as session:
        store = store_by_name(session, "tea")
        order = session.scalars(select(Order).where(Order.remote_id == LATE)).one()
        link = session.scalars(select(CustomerLink).where(CustomerLink.order_id == order.id)).one()
    assert store and path_of(site, LATE) == site.services.links.page(
        link.id, link.nonce
    ).removeprefix(site.services.links.public_url)


# in a browser


@pytest.mark.parametrize("number", [LATE, NORMAL, SHIPPED, HOSTILE])
@pytest.mark.parametrize("language", ["de", "ar", "ja", "pl"])
def test_it_is_accessible_and_fits_a_phone_in_both_themes(
    visit: Visit,  # noqa: F811
    number: int,
    language: str,
) -> None:
    speak(visit.site, language)
    with visit.page(PHONE, role="", java_script_enabled=True) as page:
        page.goto(path_of(visit.site, number))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for details in page.locator("details").all():
                details.evaluate("one => one.open = true")
            assert look(page) == []
        assert page.evaluate(OVERFLOW) <= 0


def test_hostile_names_are_text_on_it(visit: Visit) -> None:  # noqa: F811
    with visit.page(PHONE, role="") as page:
        page.goto(path_of(visit.site, HOSTILE))
        assert page.evaluate("window.pwned") is None
        words = page.inner_text("main")
        assert LONG_NAME[:100] in words
        assert not set("\u202e\u2066") & set(words)


def test_it_works_without_scripts(visit: Visit) -> None:  # noqa: F811
    speak(visit.site, "en")
    with visit.page(PHONE, role="", java_script_enabled=False) as page:
        page.goto(path_of(visit.site, LATE))
        page.click("summary:has-text('Change the address')")
        page.fill("textarea >> visible=true", "Hafen 2, Hamburg")
        page.click("details[open] button")
        assert "You chose “Change the address” on" in page.inner_text("[role=status]")
        page.click("text=Do not write to me about delays")
        assert "You asked us not to write to you about delays." in page.inner_text("main")
        page.click("text=Write to me about delays again")
        assert "We write to you when an order is late." in page.inner_text("main")


def test_days_and_amounts_are_as_the_customer_writes_them(site: Site) -> None:
    speak(site, "de")
    page = opened(site, LATE).text
    assert re.search(r"\d+\. \w+ 2026", page) and re.search(r"\d,\d\d\xa0€", page)
    assert date(2026, 11, 23).isoformat() in page
