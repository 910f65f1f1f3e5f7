"""The frame in a real browser: shown to the help desk that was set up, and to no other.

The help desks here are small pages of ours that say what the real ones say (Chatwoot's dashboard,
Zendesk's app host); they stand in for what we do not own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from app.db.orders import Order
from app.domain.sidebar import chatwoot
from app.domain.sidebar.question import Vendor
from app.i18n import LANGUAGES
from app.usecases.manage_sidebars import NewSidebar, Opened, add_sidebar
from app.web.safety import limiter
from tests.domain.test_sidebar import PUBLIC, token
from tests.web.site import HOSTILE, LATE, NORMAL, SCRIPT, Site, served
from tests.web.test_pages import AXE, CHECK, OVERFLOW, PHONE, SCHEMES, Visit, chromium, look
from tests.web.test_sidebar import email_of

__all__ = ["chromium"]

LATE_WORDS = "Es tut uns leid"

CHATWOOT = """<!doctype html><title>desk</title><iframe id="app" width="300" height="700"></iframe>
<script>
const app = document.querySelector("#app");
let email = %(email)s;
const tell = () => app.contentWindow.postMessage(JSON.stringify({event: "appContext", data: {
  conversation: {id: 1, meta: {sender: {email}}}, contact: {email}, currentAgent: {id: 1}}}), "*");
window.onmessage = (event) => { if (event.data === "chatwoot-dashboard-app:fetch-info") tell(); };
app.onload = tell;
app.src = %(frame)s;
</script>"""
ZENDESK = """<!doctype html><title>desk</title><iframe name="app" width="300" height="700"></iframe>
<form method="post" target="app" action=%(frame)s><input name="token" value=%(token)s></form>
<script>
window.asked = [];
window.onmessage = (event) => {
  const said = JSON.parse(event.data);
  const reply = (what) => event.source.postMessage(JSON.stringify(what), "*");
  window.asked.push(said);
  if (said.key === "iframe.handshake") reply({key: "zaf.app.registered", message: {context: {}}});
  if (said.request === "get") reply({id: said.id, result: {"ticket.requester.email": %(email)s}});
};
document.querySelector("form").submit();
</script>"""


@contextmanager
def desk() -> Iterator[tuple[int, dict[str, str]]]:
    """A help desk: its port, and its pages by path. It has two addresses, 127.0.0.1 and localhost,
    which a browser takes for two origins."""
    pages: dict[str, str] = {}

    @Request.application
    def show(request: Request) -> Response:
        return Response(pages.get(request.path, ""), mimetype="text/html")

    server = make_server("127.0.0.1", 0, show, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port, pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Stage:
    """Our service, a help desk and a browser."""

    site: Site
    url: str
    port: int
    pages: dict[str, str]
    chromium: Browser

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, name: str, vendor: Vendor, **more: str) -> Opened:
        s, now = self.site.services, self.site.clock()
        new = NewSidebar(name, vendor, self.origin, **more)
        return add_sidebar(s.db, s.box, new, who="test", now=now)

    def chatwoot(self, path: str, opened: Opened, email: str, secret: str | None = None) -> None:
        """A conversation in Chatwoot with the app in it."""
        address = f"{self.url}/sidebar/{opened.sidebar.key}"
        frame = chatwoot.address_of(address, opened.secret if secret is None else secret)
        self.pages[path] = CHATWOOT % {"email": json.dumps(email), "frame": json.dumps(frame)}

    @contextmanager
    def visit(self, path: str, host: str = "127.0.0.1", **options: Any) -> Iterator[Page]:
        context = self.chromium.new_context(
            viewport={"width": 340, "height": 780}, reduced_motion="reduce", **options
        )
        page = context.new_page()
        page.goto(f"http://{host}:{self.port}{path}")
        try:
            yield page
        finally:
            context.close()


@pytest.fixture
def stage(site: Site, chromium: Browser) -> Iterator[Stage]:
    limiter.reset()
    with served(site) as url, desk() as (port, pages):
        yield Stage(site, url, port, pages, chromium)


def frame_in(page: Page) -> Frame:
    """The frame, once it says something of its own."""
    page.wait_for_function("window.frames.length === 1")
    page.wait_for_timeout(200)
    return page.frames[1]


def test_chatwoot_shows_the_order_beside_the_conversation(stage: Stage) -> None:
    opened = stage.add("desk", Vendor.CHATWOOT)
    stage.chatwoot("/", opened, email_of(stage.site, LATE))
    with stage.visit("/") as page:
        requests: list[str] = []
        page.context.on("request", lambda request: requests.append(request.url))
        frame = frame_in(page)
        frame.wait_for_selector("#orders h1")
        assert "days late" in frame.inner_text("#orders h1")
        frame.click("text=Suggested reply")
        assert LATE_WORDS in frame.inner_text("blockquote.said >> nth=-1")
        assert page.context.cookies() == []
        page.evaluate(f"email = {json.dumps(email_of(stage.site, NORMAL))}; tell()")
        frame.wait_for_selector(f"text=Order {NORMAL}")
        page.evaluate("email = 'nobody@else.example'; tell()")
        frame.wait_for_selector("text=No order of this address is known:")
        page.evaluate("email = ''; tell()")
        frame.wait_for_selector("text=This conversation has no e-mail address")
        assert frame.locator("#orders").inner_text() == ""
        mine = [one for one in requests if one.startswith(stage.url)]
        assert mine and not any(opened.secret in one for one in requests)


def test_another_origin_cannot_frame_it(stage: Stage) -> None:
    opened = stage.add("desk", Vendor.CHATWOOT)
    stage.chatwoot("/", opened, email_of(stage.site, LATE))
    with stage.visit("/", host="localhost") as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.reload()
        page.wait_for_timeout(1_000)
        assert not any(frame.url.startswith(stage.url) for frame in page.frames)
        assert any("frame-ancestors" in one for one in said)


def test_no_other_page_of_ours_can_be_framed(stage: Stage) -> None:
    stage.pages["/"] = f'<title>desk</title><iframe src="{stage.url}/sign-in"></iframe>'
    with stage.visit("/") as page:
        page.wait_for_timeout(500)
        assert not any(frame.url.startswith(stage.url) for frame in page.frames)


def test_without_the_secret_the_frame_stays_empty(stage: Stage) -> None:
    opened = stage.add("desk", Vendor.CHATWOOT)
    stage.chatwoot("/", opened, email_of(stage.site, LATE), secret="guessed")
    with stage.visit("/") as page:
        frame = frame_in(page)
        frame.wait_for_selector("text=opened too long ago, or is not set up rightly")
        assert frame.locator("#orders").inner_text() == ""


def test_what_another_window_says_is_not_heard(stage: Stage) -> None:
    """The frame's own child is not its help desk, nor is the page outside of any help desk."""
    opened = stage.add("desk", Vendor.CHATWOOT)
    stage.chatwoot("/", opened, "")
    with stage.visit("/") as page:
        frame = frame_in(page)
        frame.wait_for_selector("text=This conversation has no e-mail address")
        said = {"event": "appContext", "data": {"contact": {"email": "other@else.example"}}}
        frame.evaluate("said => window.postMessage(JSON.stringify(said), '*')", said)
        page.wait_for_timeout(300)
        assert "other@else.example" not in frame.inner_text("main")
        page.goto(f"{stage.url}/sidebar/{opened.sidebar.key}#{opened.secret}")
        assert "This page belongs in your help desk" in page.inner_text("main")


def test_hostile_orders_are_text_in_the_frame(stage: Stage) -> None:
    with stage.site.services.db.write() as session:
        order = session.scalars(select(Order).where(Order.remote_id == HOSTILE)).one()
        order.email = "hostile@tea.example"
    opened = stage.add("desk", Vendor.CHATWOOT)
    stage.chatwoot("/", opened, "hostile@tea.example")
    with stage.visit("/") as page:
        frame = frame_in(page)
        frame.wait_for_selector("#orders h1")
        assert SCRIPT in frame.inner_text("main") and frame.evaluate("window.pwned") is None
        assert frame.evaluate(OVERFLOW) <= 0


def test_zendesk_is_asked_for_the_requester(stage: Stage) -> None:
    opened = stage.add("zen", Vendor.ZENDESK, installation="32", secret=PUBLIC)
    given = token(aud=f"{stage.origin}/api/v2/apps/installations/32.json", iss=stage.origin[7:])
    address = f"{stage.url}/sidebar/{opened.sidebar.key}?origin={stage.origin}&app_guid=a-1"
    email = email_of(stage.site, LATE)
    words = {"frame": address, "token": given, "email": email}
    stage.pages["/"] = ZENDESK % {name: json.dumps(word) for name, word in words.items()}
    with stage.visit("/") as page:
        frame = page.frame(name="app")
        assert frame
        frame.wait_for_selector("#orders h1")
        assert "days late" in frame.inner_text("#orders h1")
        page.wait_for_function("window.asked.some(one => one.request === 'invoke')")
        asked = page.evaluate("window.asked")
        assert {one["appGuid"] for one in asked} == {"a-1"}
        assert [one["params"] for one in asked if one.get("request") == "get"] == [
            ["ticket.requester.email"]
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_is_accessible_and_fits_300_pixels_in_both_themes(
    stage: Stage, language: str
) -> None:
    opened = stage.add("desk", Vendor.CHATWOOT, language=language)
    found = {}
    for name, email in (("late", email_of(stage.site, LATE)), ("nobody", "")):
        stage.chatwoot("/", opened, email)
        with stage.visit("/") as page:
            frame = frame_in(page)
            frame.wait_for_selector("#orders h1" if email else "[data-when=nobody]")
            assert frame.evaluate("document.documentElement.clientWidth") == 300
            assert frame.evaluate("document.documentElement.lang") == language
            for one in frame.query_selector_all("details"):
                one.evaluate("one => one.open = true")
            frame.evaluate(AXE)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                faults = frame.evaluate(CHECK)
                if faults or frame.evaluate(OVERFLOW) > 0:
                    found[name, scheme] = faults
    assert found == {}


def test_owners_pages_are_accessible_and_fit_a_phone(stage: Stage) -> None:
    stage.add("desk", Vendor.CHATWOOT)
    visit = Visit(stage.chromium, stage.site, stage.url)
    faults = []
    with visit.page(PHONE) as page:
        page.goto("/help-desks")
        page.click("summary")
        for _ in range(2):
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                faults += look(page)
            if page.locator("input[readonly]").count() == 0:
                page.click("text=Give it another secret")
        assert "#" in page.input_value("input[readonly]")
    assert (faults, visit.complaints) == ([], [])
