"""What an owner types about a shop: refused by name where it is wrong, and shown as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from app.cli import output
from app.cli.__main__ import main as command_line
from app.domain.store_mode import Mode
from app.errors import SettingsError
from app.factory import create_app
from app.usecases.import_history import import_history
from app.usecases.manage_stores import find_store
from tests.world import START, World, signed_headers


@pytest.fixture
def keyboard(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings = sqlite_world.services.settings
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("ALLOW_PRIVATE_SHOPS", "true")
    with time_machine.travel(START, tick=True):
        output.services.cache_clear()
        sqlite_world.connect("tea", mode=Mode.SHADOW)
        yield sqlite_world
        output.services().db.dispose()
        output.services.cache_clear()


def typed(*words: str) -> Result:
    return CliRunner().invoke(command_line, ["store", *words])


def shown(*words: str) -> Any:
    done = typed(*words, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def test_settings_come_from_a_file(keyboard: World, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "de"\n[promise]\nhandling_days = 4\ncut_off = "11:30"\n')
    before = shown("settings", "tea")["version"]
    found = shown("settings", "tea", "--file", str(file))
    assert found["version"] == before + 1 and found["language"] == "de"
    assert (found["promise"]["handling_days"], found["promise"]["cut_off"]) == (4, "11:30:00")
    file.write_text("language = de")
    refused = typed("settings", "tea", "--file", str(file)).exception
    assert isinstance(refused, SettingsError) and refused.mend == "write it as TOML"


@pytest.mark.parametrize(
    ("pair", "field"),
    [
        ("promise.cut_off=25:00", "promise.cut_off"),
        ("time_zone=Mars/Olympus", "time_zone"),
        ("promise.handling_days=-1", "promise.handling_days"),
        ("promise.closed_weekdays=[7]", "promise.closed_weekdays"),
        ("seller.country=Germany", "seller.country"),
        ("numbering.format=RE", "numbering.format"),
        ("language=klingon", "language"),
        ("no_such=1", "no_such"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name_and_nothing_is_saved(
    keyboard: World, pair: str, field: str
) -> None:
    before = shown("settings", "tea")
    done = typed("settings", "tea", "--set", pair)
    assert done.exit_code != 0 and field in str(done.exception)
    assert shown("settings", "tea") == before


def test_a_shop_shows_whence_it_was_seen(keyboard: World) -> None:
    with keyboard.services.db.read() as session:
        store = find_store(session, "tea")
    body = b'{"id":7,"status":"processing"}'
    headers = signed_headers("order.updated", body, source="https://staging.tea.example")
    client = create_app(services=keyboard.services).test_client()
    address = f"/webhooks/woocommerce/{store.key}"
    assert client.post(address, data=body, headers=headers).status_code == 200
    found = shown("show", "tea")
    assert found["moved_or_a_copy"] == [
        {"address": "https://staging.tea.example", "deliveries": 1, "in_answers": False}
    ]
    shown("copy", "tea", "https://staging.tea.example")
    found = shown("show", "tea")
    assert (found["moved_or_a_copy"], found["copies"]) == ([], ["https://staging.tea.example"])
    assert [row["name"] for row in shown("list")] == ["tea"]


def test_a_promise_is_tried_on_the_past_with_other_handling_days(keyboard: World) -> None:
    world, s = keyboard, keyboard.services
    for number in range(24):
        bought_at = START - timedelta(days=7 * (1 + number % 8))  # a Monday morning
        order_id = world.shop.place_order("DE", created_at=bought_at)
        world.clock.at = bought_at + timedelta(days=4 if number % 3 == 0 else 1)
        world.shop.set_status(order_id, "completed")
        world.clock.at = START
    with s.db.read() as session:
        store = find_store(session, "tea")
    import_history(s.db, s.reach, store, lambda _: None)
    world.work(rounds=100)
    found = shown("back-test", "tea", "--handling-days", "2")
    assert (found["tested"], found["kept"], found["would_have_been_told"]) == (24, 16, 8)
    assert found["left_by"] == {"completed": 24} and found["enough"] is True
    assert found["advised_days"] == 4 and found["kept_at_days"]["1"] == 16
    assert shown("back-test", "tea", "--handling-days", "4")["would_have_been_told"] == 0
    assert shown("settings", "tea")["promise"]["handling_days"] != 4, "tried, not saved"
