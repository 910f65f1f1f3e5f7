"""Issued documents as a DATEV booking batch (Buchungsstapel), for German tax advisers.

One booking for each tax group of a document: the debtors' account against the revenue account of
the tax. Format: DATEV's "Schnittstellen-Vorgaben" for EXTF files, header version 700, category 21,
format version 13; CP1252, semicolons, CRLF, decimal commas. Revenue accounts are DATEV's automatic
ones of SKR03 and SKR04, which know their tax by themselves; the owner's own count before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from app.domain.invoice import NUMBERED, DocumentContent, DocumentKind, TaxCategory, TaxGroup
from app.domain.store_settings import Datev

CHARSET = "cp1252"
BASE = "EUR"
AUTOMATIC = {
    "SKR03": {"S:19": 8400, "S:7": 8300, "AE": 8337, "K": 8125, "G": 8120, "": 8200},
    "SKR04": {"S:19": 4400, "S:7": 4300, "AE": 4337, "K": 4125, "G": 4120, "": 4200},
}
"""By category and rate; the last one is for revenue whose tax DATEV shall not work out."""

COLUMNS = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs"),
    *("Basis-Umsatz", "WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)"),
    *("BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext"),
    *("Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt"),
    *("Zinssperre", "Beleglink"),
    *(f"Beleginfo - {part} {n}" for n in range(1, 9) for part in ("Art", "Inhalt")),
    *("KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge"),
    *("EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart"),
    *("Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp"),
    *("BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung"),
    *(f"Zusatzinformation{part} {n}" for n in range(1, 21) for part in (" - Art", "- Inhalt")),
    *("Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr"),
    *("Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp"),
    *("USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)"),
    *("EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID"),
    *("KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername"),
    *("Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis"),
    *("Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung"),
    *("Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)"),
    *("Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position"),
    *("EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto"),
)


@dataclass(frozen=True, slots=True)
class Booking:
    """One line: `amount` (positive) moves from the revenue account to the debtors' account, or
    back where `is_credit`."""

    amount: Decimal
    currency: str
    rate: Decimal | None
    """EUR for one unit of `currency`; None: it is EUR."""
    is_credit: bool
    account: int
    day: date
    number: str
    text: str
    order_number: str
    supplied_on: date | None


def is_booked(content: DocumentContent, rates: Mapping[str, Decimal]) -> bool:
    """Whether a document can be booked: it counts, and its currency is EUR or has a rate."""
    counts = content.kind in NUMBERED and not content.specimen
    return counts and (content.currency == BASE or content.currency in rates)


def bookings(
    contents: Iterable[DocumentContent], rules: Datev, rates: Mapping[str, Decimal]
) -> Iterator[Booking]:
    """The bookings of documents. `rates`: EUR for one unit of other currencies; what `is_booked`
    says no to is passed over."""
    for content in contents:
        if not is_booked(content, rates):
            continue
        for group, amount in _amounts(content):
            if amount:
                yield Booking(
                    amount=abs(amount),
                    currency=content.currency,
                    rate=None if content.currency == BASE else rates[content.currency],
                    is_credit=(content.kind is DocumentKind.CREDIT_NOTE) != (amount < 0),
                    account=account_of(group, rules),
                    day=content.issued_on,
                    number=content.number,
                    text=content.buyer.name,
                    order_number=content.order_number,
                    supplied_on=content.supplied_on,
                )


def _amounts(content: DocumentContent) -> Iterator[tuple[TaxGroup | None, Decimal]]:
    """What each group comes to with its tax; what is left of the total (rounding) without one."""
    left = content.total
    for group in content.tax_groups:
        left -= group.net + group.tax
        yield group, group.net + group.tax
    yield None, left


def account_of(group: TaxGroup | None, rules: Datev) -> int:
    """The revenue account of a tax: the owner's own, DATEV's automatic one, or the general one."""
    known = AUTOMATIC[rules.chart]
    if group is None:
        return rules.accounts.get("", known[""])
    rate = f"{group.percent.normalize():f}"
    key = f"{group.category.value}:{rate}" if group.category is TaxCategory.STANDARD else ""
    for name in filter(None, (key, group.category.value)):
        if account := rules.accounts.get(name) or known.get(name):
            return account
    return rules.accounts.get("", known[""])


def batch(
    lines: Iterable[Booking], rules: Datev, *, first: date, last: date, made_at: datetime
) -> Iterator[str]:
    """The lines of the file, without their line ends. `first` to `last`: the period, both ends
    included and within one calendar year, as DATEV asks."""
    yield ";".join(_header(rules, first, last, made_at))
    yield ";".join(COLUMNS)
    for line in lines:
        yield ";".join(_row(line, rules))


def _header(rules: Datev, first: date, last: date, made_at: datetime) -> list[str]:
    stamp = made_at.strftime("%Y%m%d%H%M%S") + f"{made_at.microsecond // 1000:03}"
    head = ['"EXTF"', "700", "21", '"Buchungsstapel"', "13", stamp, "", '""', '""', '""']
    head += [str(rules.consultant), str(rules.client), f"{first.year}0101", str(rules.digits)]
    head += [f"{first:%Y%m%d}", f"{last:%Y%m%d}", '"Kikubari"', '""', "1", "0", "0", f'"{BASE}"']
    head += ["", '""', "", "", f'"{rules.chart[3:]}"', "", "", '""', '""']
    return head


def _row(line: Booking, rules: Datev) -> list[str]:
    values = dict.fromkeys(COLUMNS, "")
    width = rules.digits - 4
    values |= {
        COLUMNS[0]: _decimal(line.amount, 2),
        COLUMNS[1]: _quoted("H" if line.is_credit else "S", 1),
        COLUMNS[2]: _quoted(line.currency, 3),
        "Konto": str(rules.debtors),
        COLUMNS[7]: str(line.account) + "0" * width,
        "Belegdatum": f"{line.day:%d%m}",
        "Belegfeld 1": _quoted(line.number, 36),
        "Buchungstext": _quoted(line.text, 60),
        "Auftragsnummer": _quoted(line.order_number, 30),
        "Leistungsdatum": f"{line.supplied_on:%d%m%Y}" if line.supplied_on else "",
    }
    if line.rate is not None:  # DATEV's rate is foreign units for one of the base currency
        values |= {
            "Kurs": _decimal(1 / line.rate, 6),
            "Basis-Umsatz": _decimal(line.amount * line.rate, 2),
            "WKZ Basis-Umsatz": f'"{BASE}"',
        }
    return list(values.values())


def _decimal(amount: Decimal, places: int) -> str:
    exact = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{exact:f}".replace(".", ",")


def _quoted(text: str, limit: int) -> str:
    """A text field: bounded, in DATEV's own character set, its quotes doubled."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)[:limit]
    known = plain.encode(CHARSET, "replace").decode(CHARSET)
    return '"' + known.replace('"', '""') + '"'
