"""What someone types about an order: the link to its customer's page."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.__main__ import main as command_line
from app.db.audit_trail import AuditEntry
from app.db.customers import CustomerLink
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.usecases.manage_stores import set_mode
from tests.cli.test_store import keyboard  # noqa: F401 -- a fixture is found by its name
from tests.world import World


def typed(*words: str) -> Any:
    done = CliRunner().invoke(command_line, ["orders", "page", *words, "--json"])
    if done.exception:
        raise done.exception
    return json.loads(done.stdout)


def test_the_link_to_an_orders_page_is_printed_kept_and_closed(keyboard: World) -> None:  # noqa: F811
    world = keyboard
    store = set_mode(world.services.db, "tea", Mode.LIVE, who="test", now=world.clock())
    with world.serving(store):
        order = str(world.shop.place_order("DE"))
        assert world.shop.deliveries.wait_idle(20)
        world.work()
    url = typed("tea", order)["url"]
    assert re.fullmatch(r"https?://[^/]+/o/[\w.-]+", url)
    assert typed("tea", order)["url"] == url
    assert typed("tea", order, "--close") == {"closed": 1}
    assert typed("tea", order, "--close") == {"closed": 0}
    assert typed("tea", order)["url"] != url
    assert len(world.all(CustomerLink)) == 2
    actions = [one.action for one in world.all(AuditEntry) if one.action.startswith("page.")]
    assert actions == ["page.link", "page.link", "page.close", "page.close", "page.link"]


@pytest.mark.parametrize("more", [(), ("--close",)])
def test_an_order_that_is_not_known_is_named(keyboard: World, more: tuple[str, ...]) -> None:  # noqa: F811
    with pytest.raises(KikubariError, match="tea has no order 4242") as refused:
        typed("tea", "4242", *more)
    assert refused.value.mend
    assert "`orders list`" in refused.value.mend
