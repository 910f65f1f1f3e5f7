"""What an owner decides about a shop: who sells, what is promised, which words go out.

Validated at entry; a version once saved is never changed.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.errors import SettingsError

Line = Annotated[str, Field(max_length=200)]


class _Values(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seller(_Values):
    """Who stands on the invoice. `tax_ids`: label key (`vat`, `tax_number` …) and number."""

    name: Line = ""
    address: tuple[Line, ...] = ()
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    email: Line = ""
    phone: Line = ""
    tax_ids: tuple[tuple[Line, Line], ...] = ()
    footer: tuple[Line, ...] = ()


class Numbering(_Values):
    """How numbers of invoices look: `{year}`, `{month}` and `{number}` are filled in."""

    format: Annotated[str, Field(min_length=8, max_length=40)] = "{number}"
    padding: Annotated[int, Field(ge=1, le=12)] = 5
    start: Annotated[int, Field(ge=1, le=10**9)] = 1

    @field_validator("format")
    @classmethod
    def _has_number(cls, value: str) -> str:
        if value.count("{number}") != 1:
            raise ValueError("must hold {number} once")
        rest = value.replace("{number}", "").replace("{year}", "").replace("{month}", "")
        if "{" in rest or "}" in rest:
            raise ValueError("may hold {year}, {month} and {number}, and no other braces")
        return value


class PromiseRules(_Values):
    """When a parcel should arrive: handling, then transit, both in the shop's business days.

    `transit_days` is by shipping method: its title as the customer sees it, or its id.
    """

    handling_days: Annotated[int, Field(ge=0, le=90)] = 2
    cut_off: time = time(14, 0)
    closed_weekdays: frozenset[Annotated[int, Field(ge=0, le=6)]] = frozenset({5, 6})
    """0 is Monday."""
    holidays_of: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    """Country whose public holidays the shop keeps; empty: the seller's."""
    transit_days: dict[Line, Annotated[int, Field(ge=0, le=180)]] = Field(default_factory=dict)
    default_transit_days: Annotated[int, Field(ge=0, le=180)] = 3


class Outgoing(_Values):
    """Which messages leave by themselves."""

    invoice: bool = True
    delayed: bool = True


class ShopSettings(_Values):
    """All settings of one shop, each with a default that is safe."""

    seller: Seller = Seller()
    numbering: Numbering = Numbering()
    promise: PromiseRules = PromiseRules()
    outgoing: Outgoing = Outgoing()
    time_zone: str = "UTC"
    language: Literal["en", "de", "fr", "ja"] = "en"
    contact: Line = ""
    """How a customer reaches a person: an e-mail address or a phone number."""
    test_address: Line = ""
    cod_paid_when_completed: bool = True
    heartbeat: bool = False
    """Visit the shop's wp-cron.php once a minute, so that webhooks do not wait for visitors."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(f"{value[:60]!r} is no time zone such as Europe/Berlin") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def read_settings(values: dict[str, Any]) -> ShopSettings:
    """Stored or entered values as settings.

    Raises:
        SettingsError: names the first field that is wrong, and what it should be.
    """
    try:
        return ShopSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {field}: {first['msg']}", mend=f"correct {field} and save again"
        ) from None


def settings_problems(values: dict[str, Any]) -> dict[str, str]:
    """What is wrong with entered values, by field (`seller.country`); empty where nothing is."""
    try:
        ShopSettings.model_validate(values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for one in error.errors(include_input=False, include_url=False):
            parts = [str(part) for part in one["loc"]]
            depth = 2 if parts[0] in SECTIONS else 1
            found.setdefault(".".join(parts[:depth]), one["msg"].removeprefix("Value error, "))
        return found
    return {}


SECTIONS = ("seller", "numbering", "promise", "outgoing")
"""Settings that hold settings."""
