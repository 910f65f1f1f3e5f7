"""Did the word help? In a real browser: by keyboard, without scripts, in both themes."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from app.db.ratings import LONGEST_WORDS, Rating
from app.web.safety import limiter
from tests.web.site import LATE, RTL, SCRIPT
from tests.web.test_customer_page import kept, path_of, speak
from tests.web.test_pages import PHONE, Visit, _fresh, chromium, look, visit
from tests.web.test_rating_page import answer

__all__ = ["_fresh", "chromium", "visit"]  # fixtures


def test_it_is_answered_by_keyboard_on_a_phone_without_scripts(visit: Visit) -> None:
    speak(visit.site, "en")
    with visit.page(PHONE, role="", java_script_enabled=False) as page:
        page.goto(path_of(visit.site, LATE))
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(page.locator(":focus").get_attribute("name") or "")
            if reached[-1] == "words":
                box = page.locator(":focus")
                if box.get_attribute("maxlength") == str(LONGEST_WORDS):
                    break
        assert reached[-1] == "words"
        page.keyboard.type("You wrote before I asked")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Yes, it helped"
        page.keyboard.press("Enter")
        page.wait_for_url("**#helped")
        assert "You said that it helped." in page.inner_text("#helped ~ [role=status]")
    [one] = kept(visit.site, Rating)
    assert (one.helped, one.words) == (True, "You wrote before I asked")


@pytest.mark.parametrize("language", ["de", "ar", "ja", "pl"])
def test_the_question_and_the_thanks_are_accessible_in_both_themes(
    visit: Visit, language: str
) -> None:
    speak(visit.site, language)
    path = path_of(visit.site, LATE)
    with visit.site.services.db.write() as session:
        session.execute(delete(Rating))
    with visit.page(PHONE, role="") as page:
        for answered in (False, True):
            page.goto(path)
            if answered:
                page.click("button[value=unhelped]")
                page.wait_for_url("**#helped")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert look(page) == []


def test_hostile_words_do_nothing_on_the_orders_page(visit: Visit) -> None:
    with visit.site.services.db.write() as session:
        session.execute(delete(Rating))
    answer(visit.site, path_of(visit.site, LATE), "unhelped", SCRIPT + RTL + "W" * 10_000)
    limiter.reset()
    with visit.page(PHONE, role="reader") as page:
        page.goto(f"/orders/tea/{LATE}")
        assert page.evaluate("window.pwned") is None
        assert SCRIPT in page.inner_text("#told ~ article q")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert look(page) == []


def test_the_owners_measure_is_accessible_and_fits_a_phone(visit: Visit) -> None:
    with visit.page(PHONE) as page:
        page.goto("/setup/shops/tea")
        assert page.locator("#helping").is_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert look(page) == []
