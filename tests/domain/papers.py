"""What tests of documents share: a shop's settings, recorded and made-up orders, and their sums."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.demo.story import SETTINGS
from app.domain.calendar import calendar_of
from app.domain.crediting import build_credit_note
from app.domain.invoice import DocumentContent, TaxGroup
from app.domain.invoicing import build_invoice
from app.domain.order import read_order
from app.domain.refund import read_refund
from app.domain.store_settings import ShopSettings, read_settings
from tests.recorded import FOLDER, recorded_orders, rest

SHOP = read_settings(SETTINGS)
AT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

Group = tuple[str, Decimal]


def shop(**sections: Any) -> ShopSettings:
    """The demo's settings with sections changed: `seller={"country": "FR"}`."""
    merged = {key: {**SETTINGS.get(key, {}), **value} for key, value in sections.items()}
    return read_settings({**SETTINGS, **merged})


def invoice(
    payload: dict[str, Any], settings: ShopSettings = SHOP, *, number: str = "2026-00042"
) -> DocumentContent:
    content = build_invoice(
        read_order(payload),
        settings,
        calendar_of(settings),
        language="de-DE",
        issued_at=AT,
        specimen=False,
    )
    return content.model_copy(update={"number": number})


def credit(
    content: DocumentContent,
    earlier: list[DocumentContent],
    refund: dict[str, Any],
    settings: ShopSettings = SHOP,
) -> DocumentContent:
    return build_credit_note(
        content,
        earlier,
        read_refund(refund),
        settings,
        calendar_of(settings),
        language="de-DE",
        issued_at=AT,
    )


def by_amount(amount: str | Decimal, number: int = 900) -> dict[str, Any]:
    """A refund that names no items, as the shop tells it (recordings, 17)."""
    return {"id": number, "date_created_gmt": "2026-11-24T08:00:00", "amount": str(amount)}


def rest_json(name: str) -> dict[str, Any]:
    return dict(rest(name)["response"]["json"])


def all_orders() -> list[dict[str, Any]]:
    """Every recorded order with something on it, as REST or a delivery told it."""
    transcripts = [
        rest(path.stem)["response"].get("json") for path in (FOLDER / "rest").glob("orders_*.json")
    ]
    lists = [one for one in transcripts if isinstance(one, list)]
    whole = [one for one in transcripts if isinstance(one, dict)]
    whole += [entry for one in lists for entry in one if isinstance(entry, dict)]
    found = [one for one in whole if "line_items" in one and "currency" in one]
    found += recorded_orders().values()
    return [o for o in found if o["line_items"] or o["fee_lines"] or o["shipping_lines"]]


def by_group(groups: tuple[TaxGroup, ...]) -> dict[Group, tuple[Decimal, Decimal]]:
    return {(g.category.value, g.percent): (g.net, g.tax) for g in groups}


def left_over(content: DocumentContent, notes: list[DocumentContent]) -> list[Decimal]:
    """Everything that invoice and credit notes do not sum to zero in: totals, each group's net
    and tax, each rate's tax, tax at home. All zeros where all was given back."""
    rest = [content.total - sum((note.total for note in notes), Decimal(0))]
    for key, (net, tax) in by_group(content.tax_groups).items():
        given = [by_group(note.tax_groups).get(key, (Decimal(0), Decimal(0))) for note in notes]
        rest += [net - sum(one[0] for one in given), tax - sum(one[1] for one in given)]
    for rate in content.taxes:
        same = [
            t for n in notes for t in n.taxes if (t.label, t.percent) == (rate.label, rate.percent)
        ]
        rest += [rate.tax - sum((t.tax for t in same), Decimal(0))]
    if content.home_tax:
        rest.append(content.home_tax.tax - sum(n.home_tax.tax for n in notes if n.home_tax))
    return rest


def adds_up(content: DocumentContent) -> None:
    """Every sum of a document holds, to the last unit."""
    zero = Decimal(0)
    lines = sum((line.total for line in content.lines), zero)
    rows = sum((row.amount for row in content.rows), zero)
    assert content.total == content.total_net + content.total_tax + content.rounding
    if content.prices_include_tax:
        assert lines + rows == content.total
    else:
        assert lines + rows - content.rounding == content.total_net
    assert sum((g.net for g in content.tax_groups), zero) == content.total_net
    assert sum((g.tax for g in content.tax_groups), zero) == content.total_tax
    assert sum((t.tax for t in content.taxes), zero) == content.total_tax
    for index, group in enumerate(content.tax_groups):
        entries = [*content.lines, *content.rows]
        nets = [entry.net for entry in entries if getattr(entry, "group", None) == index]
        assert sum(nets, zero) == group.net
        assert sum((tax.tax for tax in group.taxes), zero) == group.tax
