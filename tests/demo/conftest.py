"""What the tests of the demo shop's deliveries share."""

from collections.abc import Iterator

import pytest

from app.demo.shop import DemoShop

from .receiver import Receiver, receiving
from .recorded import deliveries

TOPICS = sorted({row["topic"] for row in deliveries() if row["topic"]})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def listening_shop(receiver: Receiver) -> Iterator[DemoShop]:
    """A shop with a webhook for every recorded topic, its pings out of the way."""
    shop = DemoShop()
    for topic in TOPICS:
        url = f"{receiver.url}/r/{topic}"
        shop.write_webhook({"topic": topic, "delivery_url": url, "secret": f"s-{topic}"})
    receiver.requests.clear()
    yield shop
    shop.close()
