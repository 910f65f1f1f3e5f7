"""From whatever a person has of an order to its page, by keyboard, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.site import HOSTILE, LATE, NORMAL, Site
from tests.web.test_pages import PHONE, Visit, chromium, visit

__all__ = ["chromium", "visit"]  # fixtures

ANSWER = "h1.answer"


def suggested(page: Page) -> list[str]:
    page.wait_for_selector("#suggestions .found")
    return page.locator("#suggestions li > a .id").all_inner_texts()


def test_two_keystrokes_and_a_paste_lead_to_the_page(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/waiting")
        page.keyboard.press("/")
        page.keyboard.insert_text("alt2@kunde.test")  # the paste
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/orders/tea/{LATE}")
        assert page.locator(ANSWER).is_visible()


def test_results_come_as_one_types_and_are_walked_with_arrows_j_and_k(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/")
        page.keyboard.press("/")
        page.keyboard.type("kunde")
        numbers = suggested(page)
        assert str(LATE) in numbers and len(numbers) > 1
        page.keyboard.press("ArrowDown")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        page.wait_for_selector(ANSWER)
        assert page.url.rsplit("/", 1)[1] == numbers[0]


def test_without_scripts_the_box_works_too(visit: Visit) -> None:
    with visit.page(java_script_enabled=False) as page:
        page.goto("/")
        page.fill("#search-box", str(LATE))
        page.press("#search-box", "Enter")
        assert page.locator(ANSWER).is_visible()


def test_the_box_fits_a_phone(visit: Visit) -> None:
    with visit.page(size=PHONE) as page:
        page.goto("/")
        page.fill("#search-box", "kunde")
        suggested(page)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0


@pytest.mark.parametrize("typed", ["%", "'", "🎉", "<script>alert(1)</script>", "x" * 2_000])
def test_odd_words_are_harmless(visit: Visit, typed: str) -> None:
    answer = visit.site.client("reader").get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_a_hostile_name_is_found_and_stays_text(visit: Visit) -> None:
    answer = visit.site.client("reader").get("/search", query_string={"q": str(HOSTILE)})
    assert answer.status_code == 302  # one order fits, so its page opens
    typing = {"HX-Request": "true"}
    asked = visit.site.client("reader").get(
        "/search", query_string={"q": str(HOSTILE)}, headers=typing
    )
    assert "<script>window" not in asked.text


@pytest.mark.parametrize("after", ["", "1-1", "x", "-", "1-", "9" * 60 + "-1", "1-1-1"])
def test_any_cursor_is_answered(visit: Visit, after: str) -> None:
    client = visit.site.client("reader")
    for path in ("/search?q=kunde&after=", f"/orders/tea/{NORMAL}/customer?after="):
        assert client.get(path + after).status_code in (200, 302)


def test_the_page_of_facts_says_what_the_story_says(visit: Visit) -> None:
    site: Site = visit.site
    page = site.client("reader").get(f"/orders/tea/{LATE}").text
    assert "it should have left by" in page
    assert "Guten Tag Alt Kunde 2," in page  # the suggested reply, in the customer's language
