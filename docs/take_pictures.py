"""Takes the pictures of the documentation from a demo of its own, and ends all that it started.

    free ports, a fresh folder -> demo, until it has shown all -> browser -> pictures/

    python3 run.py setup --dev
    .venv/bin/python docs/take_pictures.py

Those of documents are drawn by tests/documents/pictures.py. It needs Chromium (`apt-get install
chromium`). Fonts are the project's own, so that the pictures look the same on every machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.adapters.mail_message import Letterhead, html_text  # noqa: E402
from app.adapters.wording import TemplateWording  # noqa: E402
from app.demo.mails import FRAME  # noqa: E402
from app.demo.shop import DemoShop  # noqa: E402
from app.domain.notice import NoticeKind, reference_of  # noqa: E402
from app.domain.posting import Posting  # noqa: E402
from app.i18n import FORMAL  # noqa: E402
from app.launch.demo import once_settings  # noqa: E402
from app.launch.runs import SIGNALS, Run, Stop, raise_stop, running  # noqa: E402
from app.launch.settings import read_dotenv, read_settings  # noqa: E402
from app.launch.stages import Stages  # noqa: E402
from app.usecases.dress_mails import texts_in  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SCALE = 1.5
LARGEST = 300_000
"""Bytes. A picture that is larger gets a palette of 256 colours."""
DESKTOP = (1200, 760)
PHONE = (390, 844)
BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
]
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir>
{aliases}</fontconfig>"""
ALIAS = """<alias binding="same"><family>{name}</family>
<prefer><family>Inter</family><family>Noto Sans JP</family></prefer></alias>"""

MAIL = (720, 300)
BOUGHT_AT = datetime(2026, 11, 16, 9, 12, tzinfo=UTC)
ARABIC_BUYER = {
    "first_name": "أحمد",
    "last_name": "الصباح",
    "address_1": "قطعة 2، شارع 5",
    "city": "مدينة الكويت",
    "postcode": "13001",
    "country": "KW",
    "email": "ahmad@customer.example",
}
MAILS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("en", "en-GB", {"buyer": "GB", "items": [("MUG-01", 2)], "currency": "GBP"}),
    ("ja", "ja-JP", {"buyer": "JP", "items": [("TEA-JP", 2)], "currency": "JPY"}),
    ("ar", "ar-KW", {"buyer": ARABIC_BUYER, "items": [("LAMP-AR", 1)]}),
)
"""The shop's language, the customer's, and what they bought."""
DELAY = {
    "promised_on": "2026-11-20",
    "expected_on": "2026-11-27",
    "contact": "hallo@hafenlicht.example",
    "link": "https://kikubari.example/o/1",
}


def main() -> int:
    """Write every picture; 0, or 1 with what is missing."""
    for number in SIGNALS:
        signal.signal(number, raise_stop)
    PICTURES.mkdir(exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kikubari-") as folder,
            demo(Path(folder)) as (run, told),
            browser(Path(folder)) as chromium,
        ):
            take_pages(chromium, run, told)
            take_mails(chromium)
    except Stop as stop:
        return 128 + stop.number
    return 0


@contextmanager
def demo(folder: Path) -> Iterator[tuple[Run, dict[str, Any]]]:
    """A demo that has shown all, and its report."""
    settings = replace(read_settings(), data_dir=folder)
    settings, env = once_settings(settings, read_dotenv(ROOT), os.environ)
    env["ALLOW_PRIVATE_SHOPS"] = "true"
    report = settings.data_dir / "story.json"
    with running(settings, Stages(), Path(sys.executable), env) as run:
        run.start(demo=True)
        story = run.tell_story("--once", "--report", str(report))
        if story.process.returncode:
            raise SystemExit(f"the demo did not show all it should; see {story.log}")
        yield run, json.loads(report.read_text(encoding="utf-8"))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Chromium with the project's fonts and nothing of the machine's."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    config = folder / "fonts.conf"
    fonts = FONTS.format(
        fonts=ROOT / "templates" / "documents" / "fonts",
        cache=folder / "font-cache",
        aliases="".join(ALIAS.format(name=name) for name in ("system-ui", "sans-serif")),
    )
    config.write_text(fonts, encoding="utf-8")
    env = {**os.environ, "FONTCONFIG_FILE": str(config)}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=BROWSER, env=env)
        try:
            yield chromium
        finally:
            chromium.close()


def take_pages(chromium: Browser, run: Run, told: dict[str, Any]) -> None:
    """The staff pages, and the page of an order as its customer sees it."""
    home = run.settings.web_url
    late = next(notice for notice in told["notices"] if notice["kind"] == "delayed")
    session = sign_in(chromium, run)
    shots = (
        ("overview-light", "/", DESKTOP, "light"),
        ("overview-dark", "/", DESKTOP, "dark"),
        ("overview-phone", "/", PHONE, "light"),
        ("order", f"/orders/demo/{late['order']}", (DESKTOP[0], 1000), "light"),
        ("order-dark", f"/orders/demo/{late['order']}", (DESKTOP[0], 1000), "dark"),
        ("order-phone", f"/orders/demo/{late['order']}", PHONE, "light"),
        ("search", "/search?q=mug", DESKTOP, "light"),
    )
    for name, path, size, scheme in shots:
        with page_of(chromium, size, scheme, session) as page:
            page.goto(f"{home}{path}")
            save(name, Image.open(BytesIO(page.screenshot())))
    with page_of(chromium, DESKTOP, "light", session) as page:
        draft_words(page, f"{home}/orders/demo/{late['order']}")
        save("write", Image.open(BytesIO(page.screenshot())))
    with page_of(chromium, (DESKTOP[0], 1000), "light", session) as page:
        connect_shop(page, home, run.demo_url)
        save("setup", Image.open(BytesIO(page.screenshot())))
    with page_of(chromium, PHONE, "light", None) as page:
        page.goto(customer_page(run, late["order"]))
        save("customer-page-phone", Image.open(BytesIO(page.screenshot())))
        ask_for_an_address(page)
    with page_of(chromium, DESKTOP, "light", session) as page:
        page.goto(home)
        save("queue", Image.open(BytesIO(page.screenshot())))


def take_mails(chromium: Browser) -> None:
    """A word about a delay as the shop mails it, in three languages and directions."""
    for language, tag, wishes in MAILS:
        with page_of(chromium, MAIL, "light", None) as page:
            page.set_content(FRAME + shop_mail(language, tag, wishes))
            save(f"mail-{language}", Image.open(BytesIO(page.screenshot(full_page=True))))
    with page_of(chromium, MAIL, "light", None) as page:
        page.set_content(own_mail("ar-KW"))
        save("own-mail-ar", Image.open(BytesIO(page.screenshot(full_page=True))))


def own_mail(tag: str) -> str:
    """The HTML that leaves through a mail server of the shop's own."""
    reference = reference_of("pictures", 1001, NoticeKind.DELAYED, 1)
    note = TemplateWording().compose(
        NoticeKind.DELAYED, DELAY | {"order_number": "1001"}, language=tag, reference=reference
    )
    head = Letterhead("pictures", "hallo@hafenlicht.example", "", "", "Hafenlicht Handels GmbH")
    posting = Posting(
        order_id=1001,
        text=note,
        references=(reference,),
        order_ids=(1001,),
        subject="",
        heading=texts_in(tag, FORMAL)["heading"],
        language=tag,
        voice=FORMAL,
        address=ARABIC_BUYER["email"],
        first_name=ARABIC_BUYER["first_name"],
        last_name=ARABIC_BUYER["last_name"],
    )
    return html_text(head, posting, tag)


def shop_mail(language: str, tag: str, wishes: dict[str, Any]) -> str:
    """The body of the mail that a shop in one language makes of our note."""
    shop = DemoShop(now=lambda: BOUGHT_AT)
    try:
        shop.site_language = language
        for name, text in texts_in(language, FORMAL).items():
            shop.change_setting("email_customer_note", name, text)
        order_id = shop.place_order(**wishes)
        facts = DELAY | {"order_number": str(order_id)}
        reference = reference_of("pictures", order_id, NoticeKind.DELAYED, 1)
        note = TemplateWording().compose(
            NoticeKind.DELAYED, facts, language=tag, reference=reference
        )
        shop.add_note(order_id, note, customer=True)
        return str(next(reversed(shop.mails.values()))["html"])
    finally:
        shop.close()


WORDS = (
    "お待たせして申し訳ございません。ご注文の品は本日発送いたします。"
    "\n\nお届けの前にお電話いたします。"
)


def draft_words(page: Page, order: str) -> None:
    """A person's own words, as they are looked at before they leave."""
    page.goto(order)
    page.click("section[aria-labelledby=told] details >> nth=0")
    page.fill("section[aria-labelledby=told] textarea", WORDS)
    page.check("[name=with_page]")
    page.click("section[aria-labelledby=told] form button")
    page.wait_for_selector("#send")


def connect_shop(page: Page, home: str, shop: str) -> None:
    """Connect the demo shop a second time, as its owner would, until all is settled."""
    page.goto(f"{home}/setup")
    page.fill("[name=address]", shop)
    page.click("summary")
    page.fill("[name=name]", "tea")
    page.click("main button")
    page.click("a.go")
    page.click("a.approve")
    page.wait_for_selector("h1:has-text('is connected')", timeout=60_000)
    page.wait_for_timeout(3_000)  # its past orders are still being taken in
    page.goto(page.url)


def ask_for_an_address(page: Page) -> None:
    """What the customer of the late order asks for, on their own page."""
    form = page.locator("details", has=page.locator("textarea[name=words]")).first
    form.locator("summary").click()
    form.locator("textarea").fill("〒100-0005 東京都千代田区丸の内1-9-1 にお届けください。")
    with page.expect_navigation():
        form.locator("button").click()


def printed(run: Run, *words: str) -> Any:
    """What a command of the demo prints."""
    command = [run.python, "-m", "app.cli", *words, "--json"]
    ran = subprocess.run(
        command, cwd=run.root, env=run.env, check=True, capture_output=True, text=True
    )
    return json.loads(ran.stdout)


def customer_page(run: Run, order: int) -> str:
    """The address of the page of an order."""
    return str(printed(run, "orders", "page", "demo", str(order))["url"])


def sign_in(chromium: Browser, run: Run) -> Any:
    """The session of a person who used a one-time link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(printed(run, "staff", "link")["url"])
    page.click("main button")
    page.wait_for_selector("#overview")
    state = context.storage_state()
    context.close()
    return state


@contextmanager
def page_of(chromium: Browser, size: tuple[int, int], scheme: Any, session: Any) -> Iterator[Page]:
    width, height = size
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=SCALE,
        color_scheme=scheme,
        locale="en-GB",
        storage_state=session,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def save(name: str, image: Image.Image) -> None:
    path = PICTURES / f"{name}.png"
    image.convert("RGB").save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    raise SystemExit(main())
