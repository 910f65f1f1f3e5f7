"""The assistants' server over its real transport: the page's facts, less, and marked as data."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from app.cli.assistant import MISSING, WARNING, Desk
from app.db.stores import store_by_name
from app.domain.order_facts import HappeningFacts, OrderFacts, first_name, minimised
from app.domain.scope import EVERYTHING, Scope
from app.errors import OutOfSight
from tests.web.roles import open_second_shop
from tests.web.site import HOSTILE, LATE, NORMAL, REFUNDED, Site, copy_of, open_site
from tests.web.test_api import page_facts, program, trail

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shops(seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site with two shops."""
    made = open_site(copy_of(seeded, tmp_path / "shops"))
    open_second_shop(made)
    yield made
    made.services.db.dispose()


def environment_of(site: Site) -> dict[str, str]:
    settings = site.services.settings
    return {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
    }


def asked(site: Site, calls: list[tuple[str, dict[str, Any]]], *limits: str) -> list[Any]:
    """The answers to these calls, through the protocol's own client and a process of its own."""

    async def ask() -> list[Any]:
        started = StdioServerParameters(
            command=sys.executable,
            args=["-m", "app.cli.assistant", *limits],
            env=environment_of(site),
            cwd=ROOT,
        )
        async with Client(stdio_client(started)) as client:
            tools = {one.name: one for one in (await client.list_tools()).tools}
            assert set(tools) == {"find_orders", "order_context", "customer_context"}
            assert all(one.annotations.read_only_hint for one in tools.values())
            return [await client.call_tool(name, given) for name, given in calls]

    return asyncio.run(asyncio.wait_for(ask(), 60))


@pytest.mark.parametrize("order_id", [LATE, REFUNDED, HOSTILE])
def test_page_api_and_assistant_say_the_same_of_an_order(shops: Site, order_id: int) -> None:
    """The assistant gets less, and nothing else."""
    page = page_facts(shops, order_id)
    answer = program(shops).get(f"/api/v1/stores/tea/orders/{order_id}")
    api = OrderFacts.model_validate_json(answer.data)
    assistant = Desk(shops.services, EVERYTHING).order_context("tea", order_id).order
    assert page == api and assistant == minimised(api)


def test_an_assistant_asks_over_standard_input_and_output(shops: Site) -> None:
    calls = [
        ("find_orders", {"query": str(NORMAL), "limit": 5}),
        ("order_context", {"store": "tea", "order_id": NORMAL}),
        ("customer_context", {"store": "tea", "email": "juergen@kunde.test"}),
        ("order_context", {"store": "tea", "order_id": 4_000_000}),
        ("order_context", {"store": "coffee", "order_id": 1}),
        ("customer_context", {"store": "coffee", "email": "a@b.example"}),
        ("find_orders", {"query": "", "limit": 5}),
    ]
    found, order, customer, *wrong = asked(shops, calls, "--store", "tea")
    assert NORMAL in [one["id"] for one in found.structured_content["orders"]]
    given = order.structured_content
    assert given["read_as"] == WARNING == json.loads(order.content[0].text)["read_as"]
    answer = program(shops).get(f"/api/v1/stores/tea/orders/{NORMAL}")
    api = minimised(OrderFacts.model_validate_json(answer.data))
    same = OrderFacts.model_validate(given["order"])
    assert same.lines == api.lines and same.money == api.money and same.told == api.told
    assert customer.structured_content["customer"]["customer"]["email"] == "j…@kunde.test"
    for one in wrong:
        assert one.is_error and "Traceback" not in one.content[0].text
    for one in wrong[:3]:  # missing, or of another shop: the same words
        assert one.content[0].text.endswith(": There is no such thing, or it may not be seen here.")
    seen = [one.what["order"] for one in trail(shops, "order.see") if "mcp" in one.who]
    assert seen == [NORMAL]
    refused = [one.what["page"] for one in trail(shops, "refused") if "mcp" in one.who]
    assert refused == ["order_context", "customer_context"]


def test_an_assistant_reads_no_full_name_address_phone_or_words(shops: Site) -> None:
    desk = Desk(shops.services, EVERYTHING)
    whole = page_facts(shops, NORMAL)
    texts = (
        desk.order_context("tea", NORMAL).model_dump_json(),
        desk.customer_context("tea", NORMAL).model_dump_json(),
        desk.find_orders("juergen").model_dump_json(),
    )
    hidden = (whole.customer.name, whole.customer.email, whole.customer.phone)
    assert whole.customer.name in whole.suggested_reply and all(hidden)
    for text in texts:
        assert not [one for one in (*hidden, *whole.customer.ship_to[-2:-1]) if one in text]
    hostile = desk.order_context("tea", HOSTILE)
    assert hostile.read_as == WARNING and hostile.order.customer.note == ""
    assert len(hostile.order.customer.name) <= 30


def test_texts_tell_an_assistant_no_code_name_or_note(shops: Site) -> None:
    """What is hidden in its own place may stand in a text as well."""
    whole, code = page_facts(shops, LATE), "TY-7F3Q-X2MP-9HTR"
    name, email = "Ann Lee", "ann@client.test"
    words = f"ANN LEE, your coupon is {code}. Ann@Client.test: unknown user"
    told = whole.told[0].model_copy(update={"text": words, "mailer_said": words, "problem": words})
    note = HappeningFacts(at=whole.read_at, kind="note", facts={"who": "x", "words": "Lee, +49 30"})
    customer = whole.customer.model_copy(update={"name": name, "email": email})
    made = {"customer": customer, "told": (told,), "timeline": (note,), "coupons_used": ("vip50",)}
    less = minimised(whole.model_copy(update=made)).model_dump_json()
    for hidden in (code, "Lee", "LEE", "nn@client", "nn@Client", "+49", "vip50"):
        assert hidden not in less
    assert "Ann, your coupon is …. a…@client.test: unknown user" in less


@pytest.mark.parametrize(
    ("name", "less"),
    [
        ("Ann Lee", "Ann"),
        ("山田 太郎", "山田"),
        ("张伟", "张…"),
        ("김민수", "김…"),
        ("Ann", "Ann"),
        ("", ""),
    ],
)
def test_no_full_name_in_any_script(name: str, less: str) -> None:
    assert first_name(name) == less


def test_an_assistant_sees_the_named_shops_alone(shops: Site) -> None:
    with shops.services.db.read() as session:
        coffee = store_by_name(session, "coffee")
    assert coffee
    desk = Desk(shops.services, Scope(frozenset({coffee.id})))
    assert desk.find_orders(str(NORMAL)).orders == ()
    with pytest.raises(OutOfSight):
        desk.order_context("tea", NORMAL)
    with pytest.raises(OutOfSight):
        desk.customer_context("tea", email="juergen@kunde.test")


def start(site: Site, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{before}\nimport sys; from app.cli.assistant import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment_of(site),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_starts_for_named_shops_only_and_prints_nothing_but_the_protocol(shops: Site) -> None:
    unlimited, unknown = start(shops), start(shops, "--store", "nowhere")
    assert unlimited.returncode == 2 and "--store NAME" in unlimited.stderr
    assert unknown.returncode == 1 and 'no store is named "nowhere"' in unknown.stderr
    ended = start(shops, "--store", "tea")
    assert ended.returncode == 0 and ended.stdout == unknown.stdout == unlimited.stdout == ""


def test_without_its_packages_it_says_in_a_sentence_how_to_get_them(shops: Site) -> None:
    missing = "import sys; sys.modules['mcp'] = None"
    said = start(shops, "--store", "tea", before=missing)
    assert said.returncode == 1 and said.stderr.strip() == MISSING and said.stdout == ""
