"""The pages in a real browser: accessible, quiet towards the world, unmoved by hostile names."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.web.safety import limiter
from tests.web.site import (
    CANCELLED,
    HOSTILE,
    LATE,
    LATE_UNTOLD,
    LONG,
    LONG_NAME,
    NO_MAIL,
    NORMAL,
    NOTE,
    REFUNDED,
    SCRIPT,
    SHIPPED,
    YEN,
    Site,
    copy_of,
    open_site,
    post,
    seed,
    served,
)

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
CHECK = """axe.run({rules: {'target-size': {enabled: true}}}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.target).join(', ')}`))"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
REFRESH = """htmx.ajax('GET', '/', {
    source: '#overview', target: '#overview', swap: 'outerHTML', select: '#overview'})"""
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
]
SCHEMES: tuple[Any, ...] = ("light", "dark")
PHONE, TABLET, DESKTOP = (360, 780), (800, 900), (1400, 900)
SHOWN = (NORMAL, SHIPPED, CANCELLED, REFUNDED, YEN, LATE, LATE_UNTOLD, LONG, NOTE, NO_MAIL, HOSTILE)
PAGES = (
    "/",
    "/waiting",
    f"/orders/tea/{HOSTILE}/messages",
    f"/orders/tea/{YEN}/messages",
    "/documents",
    "/documents?q=nothing-like-it",
    "/search",
    "/search?q=de",
    "/search?q=nothinglikeit",
    f"/orders/tea/{NORMAL}/customer",
    "/inbox",
    "/inbox?state=parked",
    "/inbox?state=quarantined",
    "/stores/tea",
    "/people",
    "/integrations",
    "/people/2",
    "/audit",
    "/audit?action=nothing",
    "/account",
    *(f"/orders/tea/{number}" for number in SHOWN),
)
OPEN_PAGES = ("/sign-in", "/sign-in/token", "/nowhere", "/d/guess", "/sign-out")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing these tests are skipped, but never in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        words = "Chromium is missing: apt-get install chromium"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser at the site, and what was seen of its behaviour."""

    chromium: Browser
    site: Site
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(
        self, size: tuple[int, int] = DESKTOP, *, role: str = "owner", **options: Any
    ) -> Iterator[Page]:
        """A page of a signed-in person, or of a stranger for role ""."""
        width, height = size
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            base_url=self.url,
            reduced_motion="reduce",  # colours are measured at rest
            **options,
        )
        if role:
            self._sign_in(context, role)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._listen(message.type, message.text))
        try:
            yield page
        finally:
            context.close()

    def _sign_in(self, context: BrowserContext, role: str) -> None:
        client = self.site.client(role)
        cookie = client.get_cookie("kikubari")
        assert cookie
        context.add_cookies([{"name": "kikubari", "value": cookie.value, "url": self.url}])

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.complaints.append(text)


@pytest.fixture(scope="module")
def visit(
    chromium: Browser, seeded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    site = open_site(copy_of(seeded, tmp_path_factory.mktemp("pages") / "site"))
    with served(site) as url:
        yield Visit(chromium, site, url)
    site.services.db.dispose()


@pytest.fixture(autouse=True)
def _fresh(visit: Visit) -> Iterator[None]:
    """Every test also holds: no request leaves the host, no error, no refusal by the CSP."""
    limiter.reset()
    visit.requests.clear()
    visit.complaints.clear()
    yield
    assert [url for url in visit.requests if not url.startswith((visit.url, "data:"))] == []
    assert visit.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_accessible_and_fits_in_both_themes(visit: Visit, size: Any) -> None:
    found = {}
    for role, paths in (("owner", PAGES), ("", OPEN_PAGES)):
        with visit.page(size, role=role) as page:
            for path in paths:
                page.goto(path)
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    if faults := look(page):
                        found[path, scheme] = faults
    assert found == {}


def look(page: Page) -> list[str]:
    """What axe finds on a page, and whether it is wider than the window."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    faults: list[str] = page.evaluate(CHECK)
    wider = page.evaluate(OVERFLOW)
    return [*faults, f"{wider} px too wide"] if wider > 0 else faults


def test_an_empty_service_says_what_will_appear(visit: Visit, tmp_path: Path) -> None:
    seed(tmp_path / "empty", orders=False)
    site = open_site(tmp_path / "empty")
    with served(site) as url:
        empty = Visit(visit.chromium, site, url)
        with empty.page(PHONE) as page:
            page.goto("/")
            assert "No shop is connected yet." in page.inner_text("h1")
            assert "store add" in page.inner_text("main")
            assert look(page) == []
            page.goto("/inbox")
            assert "Nothing has come yet." in page.inner_text("main")
            assert look(page) == []
    site.services.db.dispose()
    assert empty.complaints == []


def test_nothing_overflows_on_a_tablet(visit: Visit) -> None:
    with visit.page(TABLET) as page:
        for path in PAGES:
            page.goto(path)
            assert page.evaluate(OVERFLOW) <= 0, path


def test_the_search_box_is_empty_where_nothing_was_searched(site: Site) -> None:
    visitor = site.client("owner")
    for path in PAGES:
        page = visitor.get(path).text
        found = re.search(r'id="search-box"[^>]* value="([^"]*)"', page)
        searched = path.startswith("/search") or path.endswith("/customer")
        assert found and (found[1] == "" or searched), path


def test_the_first_line_answers_the_question(visit: Visit) -> None:
    with visit.page(locale="en-GB") as page:
        page.goto(f"/orders/tea/{LATE}")
        answer = page.inner_text("h1")
        assert answer.startswith("Paid on 14 November 2026; it should have left by Wednesday, 18")
        assert "5 days late" in answer
        assert "The customer was told on 23 November 2026, and it was mailed." in answer
        page.goto(f"/orders/tea/{LATE_UNTOLD}")
        assert "the shop's mailer failed: tell them another way" in page.inner_text("h1")
        page.goto("/")
        assert "need" in page.inner_text("h1")
        assert page.locator("table.orders").first.locator("tbody tr").count() >= 2


def test_hostile_names_are_text(visit: Visit) -> None:
    for size in (PHONE, DESKTOP):
        with visit.page(size) as page:
            for path in ("/", f"/orders/tea/{HOSTILE}"):
                page.goto(path)
                assert page.evaluate("window.pwned") is None
                words = page.inner_text("main")
                assert SCRIPT in words, "it stands there as it was written"
                assert not set("\u202e\u2066") & set(words), "and turns nothing round"
                assert LONG_NAME[:100] in words
                assert page.evaluate(OVERFLOW) <= 0


def test_everything_works_without_scripts(visit: Visit) -> None:
    with visit.page(PHONE, role="", java_script_enabled=False) as page:
        page.goto(f"/sign-in/{visit.site.link('agent')}")
        page.click("main button")
        page.click("text=Deliveries")
        page.locator("main form button").first.click()
        assert "It is tried again." in page.inner_text("[role=status]")
        page.click("text=Orders")
        page.click(f"main a:text-is('{LATE}')")
        assert "days late" in page.inner_text("h1")
        page.click("text=Sign out")
        assert page.inner_text("h1") == "Sign in"


def test_the_second_step_is_set_up_and_taken_in_the_browser(
    visit: Visit, seeded: Path, tmp_path: Path
) -> None:
    """With the keyboard; each page on the way is accessible."""
    site, password = open_site(copy_of(seeded, tmp_path / "own")), "a long enough password"
    faults = []

    def check(page: Page) -> None:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            faults.extend((page.inner_text("h1"), scheme, one) for one in look(page))

    def enter(page: Page, **fields: str) -> None:
        for name, value in fields.items():
            page.fill(f"[name={name}]", value)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    with served(site) as url, Visit(visit.chromium, site, url).page(PHONE, role="") as page:
        page.goto(f"/sign-in/{site.link('owner')}")
        enter(page)
        page.click("text=My account")
        enter(page, new=password)
        page.click("text=Set it up")
        check(page)
        totp = pyotp.TOTP(page.inner_text("main code").replace(" ", ""))
        enter(page, code=totp.at(site.clock()))
        check(page)
        assert page.locator("ul.codes li").count() == 10
        page.click("text=I have kept them")
        check(page)
        page.click("text=Sign out")
        page.fill("[name=email]", "owner@tea.example")
        enter(page, password=password)
        check(page)
        site.clock.at += timedelta(seconds=30)
        enter(page, code=totp.at(site.clock()))
        assert "need" in page.inner_text("h1")
        page.goto("/people")
        enter(page, email="new@tea.example")
        check(page)
        assert "/sign-in/" in page.input_value("[readonly]")
        page.goto("/people")
        page.click("text=owner@tea.example >> nth=1")
        page.click("summary:has-text('Reset the second step')")
        check(page)
        page.click("text=Ask for no code any more")
        assert page.inner_text("h1") == "Sign in", "all sessions end, one's own too"
    site.services.db.dispose()
    assert faults == []


def test_the_keyboard_finds_the_way_and_shows_where_it_is(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")
        seen = []
        for _ in range(12):
            page.keyboard.press("Tab")
            style = "getComputedStyle(document.activeElement)"
            seen.append(page.evaluate(f"{style}.outlineStyle + parseInt({style}.outlineWidth)"))
        assert set(seen) == {"solid2"}


def test_the_overview_refreshes_itself_only_when_something_changed(visit: Visit) -> None:
    client = visit.site.client("reader")
    page = client.get("/").text
    seen = page.split('id="overview" hx-get="', 1)[1].split('"', 1)[0]
    asked = client.get(seen, headers={"HX-Request": "true"})
    assert asked.status_code == 204
    visit.site.clock.at += timedelta(days=1)
    try:
        client = visit.site.client("reader")  # a day later the session is over too
        assert client.get(seen, headers={"HX-Request": "true"}).status_code == 200
    finally:
        visit.site.clock.at -= timedelta(days=1)


def test_a_refresh_keeps_the_keyboard_where_it_was(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/")
        link = page.locator(f"main a:text-is('{LATE}')")
        link.focus()
        before = link.get_attribute("id")
        page.evaluate(REFRESH)
        page.wait_for_function(f"document.activeElement.id === '{before}'")
        assert page.locator("#overview").count() == 1


def test_a_form_whose_session_is_over_says_so(visit: Visit) -> None:
    with visit.page(role="") as page:
        page.goto("/sign-in")
        page.context.clear_cookies()
        page.fill("[name=email]", "a@b.example")
        page.fill("[name=password]", "x")
        page.click("main button")
        assert "open too long" in page.inner_text("h1")
        assert look(page) == []


@pytest.mark.parametrize("language", ["de", "fr", "ja"])
def test_pages_speak_the_visitors_language(visit: Visit, language: str) -> None:
    with visit.page(PHONE, locale=language) as page:
        pages = ("/", f"/orders/tea/{LATE}", "/inbox", "/people", "/integrations", "/audit")
        for path in (*pages, "/account"):
            page.goto(path)
            assert page.get_attribute("html", "lang") == language
            assert page.evaluate(OVERFLOW) <= 0


def test_a_reader_sees_no_button_that_would_be_refused(visit: Visit) -> None:
    with visit.page(role="reader") as page:
        page.goto("/inbox")
        assert page.locator("main form").count() == 0
    refused = post(visit.site.client("reader"), "/retry/delivery/1")
    assert "Your account may not do this." in refused.text
