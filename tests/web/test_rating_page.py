"""Did the word help? Asked on the customer's page alone, answered by a button, read by the shop."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.adapters.links import FORM_SECONDS
from app.cli.assistant import Desk
from app.db.audit_trail import AuditEntry
from app.db.customers import PAGE_LIFE, CustomerLink
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.ratings import LONGEST_WORDS, Rating
from app.domain.scope import EVERYTHING
from app.domain.sidebar.question import Vendor
from app.i18n import CUSTOMER_LANGUAGES
from app.usecases.link_page import close_page
from app.web.safety import limiter
from tests.web.site import (
    CANCELLED,
    LATE,
    LATE_UNTOLD,
    NORMAL,
    RTL,
    SCRIPT,
    SHIPPED,
    Site,
)
from tests.web.test_api import page_facts, program
from tests.web.test_customer_page import FORM, change, kept, path_of, speak
from tests.web.test_sidebar import add, ask_freescout, email_of

WORD = re.compile(r'name="word" value="([^"]+)"')
QUESTION = "Hat es Ihnen geholfen, dass wir geschrieben haben?"


def form_on(site: Site, path: str) -> dict[str, str]:
    """What the question's form holds, as a browser would send it."""
    limiter.reset()
    page = site.client().get(path).text
    token, word = FORM.search(page), WORD.search(page)
    return {"form": token[1] if token else "", "word": word[1] if word else "KK-22222222"}


def answer(site: Site, path: str, wish: str, words: str = "", **forged: str) -> Any:
    given = {**form_on(site, path), "wish": wish, "words": words, **forged}
    return site.client().post(path, data=given)


# asking and answering


def test_it_is_asked_and_an_answer_is_thanked_for_and_can_be_changed(site: Site) -> None:
    path = path_of(site, LATE)
    assert QUESTION in site.client().get(path).text
    answered = answer(site, path, "helped")
    assert answered.status_code == 303 and answered.headers["Location"] == f"{path}#helped"
    page = site.client().get(path).text
    assert "Danke. Sie haben geantwortet, dass es geholfen hat." in page and QUESTION in page
    answer(site, path, "unhelped", "Zu spät")
    page = site.client().get(path).text
    assert "dass es nicht geholfen hat." in page
    assert "Zu spät" not in page, "whoever was forwarded the link reads no words of the customer's"
    (one,) = kept(site, Rating)
    assert (one.helped, one.words, one.changed_at) == (False, "Zu spät", site.clock())


def test_opening_it_changes_nothing(site: Site) -> None:
    path = path_of(site, LATE)
    given = form_on(site, path)
    before = len(kept(site, AuditEntry))
    for ask in (site.client().get, site.client().head):
        assert ask(path, query_string={**given, "wish": "helped"}).status_code == 200
    assert kept(site, Rating) == [] and len(kept(site, AuditEntry)) == before


@pytest.mark.parametrize("number", [NORMAL, SHIPPED, CANCELLED, LATE_UNTOLD])
def test_whoever_was_told_of_no_delay_is_not_asked(site: Site, number: int) -> None:
    """The mailer failed for one of them: they may know nothing of it."""
    path = path_of(site, number)
    assert 'value="helped"' not in site.client().get(path).text
    with site.services.db.read() as session:
        others = session.scalars(select(Message.reference)).all()
    for word in others:
        limiter.reset()
        assert answer(site, path, "helped", word=word).status_code == 409
    assert kept(site, Rating) == []


def test_another_orders_word_or_form_is_refused(site: Site) -> None:
    path, other = path_of(site, LATE), path_of(site, NORMAL)
    assert answer(site, path, "helped", word="KK-22222222").status_code == 409
    assert answer(site, path, "helped", form=form_on(site, other)["form"]).status_code == 409
    assert answer(site, path, "helped", form="").status_code == 409
    refused = answer(site, other, "helped", word=form_on(site, path)["word"])
    assert refused.status_code == 409 and "nichts geändert" in refused.text
    assert kept(site, Rating) == []


def test_a_form_that_lay_open_for_a_day_and_a_closed_link_keep_nothing(site: Site) -> None:
    path = path_of(site, LATE)
    given = {**form_on(site, path), "wish": "helped"}
    site.clock.at += timedelta(seconds=FORM_SECONDS + 1)
    assert site.client().post(path, data=given).status_code == 409
    site.clock.at += PAGE_LIFE
    assert site.client().post(path, data=given).status_code == 404
    assert site.client().post(f"{path[:-1]}x", data=given).status_code == 404
    site.clock.at -= PAGE_LIFE
    close_page(site.services.db, "tea", LATE, who="test", now=site.clock())
    assert site.client().post(path, data=given).status_code == 404
    assert kept(site, Rating) == []


def test_answering_is_slowed_down_like_the_other_forms(site: Site) -> None:
    path, client = path_of(site, LATE), site.client()
    given = {**form_on(site, path), "wish": "helped"}
    codes = [client.post(path, data=given).status_code for _ in range(22)]
    assert codes[0] == 303 and codes[-1] == 429


def test_a_customer_who_wants_no_words_is_still_asked_on_their_page(site: Site) -> None:
    path = path_of(site, LATE)
    client = site.client()
    client.post(path, data={**form_on(site, path), "wish": "mute"})
    assert QUESTION in client.get(path).text
    assert answer(site, path, "unhelped").status_code == 303


@pytest.mark.parametrize("language", CUSTOMER_LANGUAGES)
def test_it_is_asked_in_the_customers_language(site: Site, language: str) -> None:
    speak(site, language)
    path = path_of(site, LATE)
    answer(site, path, "helped")
    page = site.client().get(path).text
    section = page.split('id="helped">')[1].split("</section>")[0]
    assert language == "en" or not re.search(r"help|Thank|answer", re.sub("<[^>]+>", "", section))


def test_it_is_asked_in_the_shops_voice(site: Site) -> None:
    change(site, voice="friendly")
    assert "Hat es dir geholfen" in site.client().get(path_of(site, LATE)).text


# who reads it


def test_staff_api_assistant_and_sidebar_tell_of_it(site: Site) -> None:
    path = path_of(site, LATE)
    answer(site, path, "unhelped", "Ann Lee, +49 30 1234")
    page = site.client("reader").get(f"/orders/tea/{LATE}", headers={"Accept-Language": "en"}).text
    assert "it did not help, says the customer" in page and "0 of 1 rated" in page
    assert page.count("Ann Lee, +49 30 1234") == 2, "with the word, and in the timeline"
    given = program(site).get(f"/api/v1/stores/tea/orders/{LATE}").json
    (told,) = [one for one in given["told"] if one["rating"]]
    assert told["rating"] == {
        "helped": False,
        "words": "Ann Lee, +49 30 1234",
        "at": site.clock().isoformat().replace("+00:00", "Z"),
    }
    assert (given["customer"]["words_rated"], given["customer"]["words_helped"]) == (1, 0)
    listed = program(site).get("/api/v1/notices?kind=delayed&limit=100").json["notices"]
    assert [one["told"]["rating"]["helped"] for one in listed if one["told"]["rating"]] == [False]
    less = Desk(site.services, EVERYTHING).order_context("tea", LATE).order
    assert "1234" not in less.model_dump_json()
    assert [one.rating.helped for one in less.told if one.rating] == [False]
    assert [one.facts for one in less.timeline if one.kind == "rated"] == [{"it": "delayed"}]
    opened = add(site, Vendor.FREESCOUT)
    shown = ask_freescout(site, opened, email_of(site, LATE)).text
    assert "it did not help, says the customer" in shown and "1234" not in shown


def test_a_word_that_helped_is_no_line_of_the_timeline(site: Site) -> None:
    answer(site, path_of(site, LATE), "helped", "Thank you")
    facts = page_facts(site, LATE)
    assert not [one for one in facts.timeline if one.kind == "rated"]
    assert [one.rating.words for one in facts.told if one.rating] == ["Thank you"]
    page = site.client("reader").get(f"/orders/tea/{LATE}", headers={"Accept-Language": "en"}).text
    assert "it helped, says the customer" in page and "1 of 1 rated" in page


def test_hostile_words_are_text_everywhere(site: Site) -> None:
    answer(site, path_of(site, LATE), "unhelped", SCRIPT + RTL + "W" * 10_000)
    (one,) = kept(site, Rating)
    assert len(one.words) == LONGEST_WORDS and one.words.startswith(SCRIPT + "Override")
    page = site.client("reader").get(f"/orders/tea/{LATE}").text
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt;" in page and SCRIPT not in page
    assert not set("\u202e\u2066") & set(page)
    given = program(site).get(f"/api/v1/stores/tea/orders/{LATE}").json
    assert [it["rating"]["words"] for it in given["told"] if it["rating"]] == [one.words]


def test_the_audit_says_who_answered_and_not_what_they_wrote(site: Site) -> None:
    answer(site, path_of(site, LATE), "unhelped", "Zu spät")
    page = site.client("owner").get("/audit", headers={"Accept-Language": "en"}).text
    assert "said whether a word about a delay helped" in page and "Zu spät" not in page


# the owner's page


def rate_many(site: Site, helped: list[bool]) -> None:
    """More words that were told and rated, as if there had been as many late orders."""
    with site.services.db.write() as session:
        told = session.scalars(
            select(Notice).join(Order).where(Order.remote_id == LATE, Notice.kind == "delayed")
        ).one()
        first = session.get_one(Message, told.message_id)
        for number, answered in enumerate(helped):
            message = Message(
                store_id=first.store_id,
                order_id=first.order_id,
                reference=f"KK-3333333{number}",
                language="en",
                state="done",
                due_at=first.due_at,
                attempts=1,
                fate="mailed",
                sent_at=site.clock() - timedelta(hours=1),
            )
            session.add(message)
            session.flush()
            session.add(
                Notice(
                    store_id=first.store_id,
                    order_id=first.order_id,
                    kind="delayed_again",
                    promise_version=number + 50,
                    decided_at=site.clock(),
                    facts={},
                    message_id=message.id,
                )
            )
            session.add(
                Rating(
                    store_id=first.store_id,
                    order_id=first.order_id,
                    message_id=message.id,
                    helped=answered,
                    words="",
                    at=site.clock(),
                )
            )


def section_of(site: Site) -> str:
    client = site.client("owner")
    page = client.get("/setup/shops/tea", headers={"Accept-Language": "en"}).text
    return " ".join(
        re.sub("<[^>]+>", " ", page.split('id="helping"')[1].split("</section>")[0]).split()
    )


def test_the_owner_sees_no_share_of_few_and_the_share_of_enough(site: Site) -> None:
    rate_many(site, [True, True, True, False])
    few = section_of(site)
    assert "too few to say 4 were rated; it takes 5 ratings." in few and "%" not in few
    answer(site, path_of(site, LATE), "helped")
    assert "80% of the 5 that were rated helped, say the customers." in section_of(site)
    assert "there is nobody to compare with" in section_of(site)


def test_before_any_word_left_the_owner_reads_what_will_appear(site: Site) -> None:
    with site.services.db.write() as session:
        session.execute(delete(CustomerLink))
        session.execute(delete(Notice))
    assert "No word about a delay left within the last 90 days." in section_of(site)
