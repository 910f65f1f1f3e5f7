"""What the owner of a shop has us do in it by a click: read its profile, set up its webhooks and
the "Customer note" mail, take all of it back. It may write in every mode, shadow too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.adapters.woocommerce import WooShop
from app.domain.connecting import Profile
from app.domain.text import clean
from app.errors import ShopError, ShopMissing

NOTE_MAIL = "settings/email_customer_note"
NOTE_FIELDS = ("subject", "heading", "additional_content")
MOST_ZONES = 20


class OwnersShop(WooShop):
    """A shop's REST, for what its owner asks for."""

    def profile(self) -> Profile:
        """What the shop says about itself. What a shop does not tell stays empty."""
        general = self._settings("settings/general")
        mail = self._settings("settings/email")
        status = self._object("system_status", {"_fields": "environment"})
        environment = status.get("environment")
        language = environment.get("language") if isinstance(environment, dict) else ""
        index = self._index()
        country = general.get("woocommerce_default_country", "").partition(":")[0]
        return Profile(
            name=clean(index.get("name", ""), 200),
            address=_address(general),
            country=country,
            email=clean(mail.get("woocommerce_email_from_address", ""), 200),
            time_zone=clean(index.get("timezone_string") or "", 60),
            language=clean(language or "", 20),
            methods=self._methods(),
        )

    def note_mail(self) -> dict[str, str]:
        """Subject, heading and closing text of the mail that carries notes, as they are set."""
        rows = self._settings(NOTE_MAIL)
        return {name: rows.get(name, "") for name in NOTE_FIELDS}

    def set_note_mail(self, values: Mapping[str, str]) -> None:
        """Set them; each is one setting of the shop for all notes (recordings, 25)."""
        for name in NOTE_FIELDS:
            if name in values:
                self._write(f"{NOTE_MAIL}/{name}", {"value": values[name]})

    def order_to_test_with(self) -> int | None:
        """The newest completed order, else the newest: at the first nobody works any more."""
        newest = {"_fields": "id", "per_page": 1, "orderby": "date", "order": "desc"}
        for status in ("completed", "any"):
            rows = self._rows("orders", newest | {"status": status})
            if rows and isinstance(rows[0].get("id"), int):
                return int(rows[0]["id"])
        return None

    def save_unchanged(self, order_id: int) -> None:
        """An update without a field; some hosts refuse PUT, and POST means the same here."""
        self._write(f"orders/{order_id}", {})

    def set_webhook_secret(self, webhook_id: int, secret: str) -> None:
        """Sign with another secret from now on."""
        self._write(f"webhooks/{webhook_id}", {"secret": secret})

    def _index(self) -> dict[str, Any]:
        """The shop's name and time zone: the front page of its REST, which needs no keys."""
        found = self._wire.index().json
        return found if isinstance(found, dict) else {}

    def _settings(self, path: str) -> dict[str, str]:
        rows = self._rows(path, {"per_page": 100})
        return {
            str(row.get("id")): row["value"] for row in rows if isinstance(row.get("value"), str)
        }

    def _object(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self._get(path, params)
        except ShopMissing:
            return {}
        return found if isinstance(found, dict) else {}

    def _methods(self) -> tuple[str, ...]:
        """Titles of the methods by which parcels leave, in the order of their zones."""
        titles: dict[str, None] = {}
        for zone in self._rows("shipping/zones", {})[:MOST_ZONES]:
            try:
                rows = self._rows(f"shipping/zones/{int(zone.get('id', 0))}/methods", {})
            except ShopError:
                continue
            for row in rows:
                if row.get("enabled") and row.get("method_id") not in ("local_pickup", None):
                    titles[clean(row.get("title") or row.get("method_title") or "", 200)] = None
        return tuple(title for title in titles if title)


def _address(general: Mapping[str, str]) -> tuple[str, ...]:
    """The lines of the shop's address, as they stand on an envelope."""
    named = {
        name: clean(general.get(f"woocommerce_store_{name}", ""), 200)
        for name in ("address", "address_2", "postcode", "city")
    }
    place = f"{named['postcode']} {named['city']}".strip()
    return tuple(line for line in (named["address"], named["address_2"], place) if line)
