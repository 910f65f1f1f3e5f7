"""The sentences of documents that need more than a template's `_()`: titles, numbers, law, banks.

Every function takes the catalogue of the document's language.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator

from app.domain.invoice import DocumentContent, DocumentKind, Party, Statement
from app.domain.supply import TITLES

Texts = gettext.NullTranslations


class UnknownStatement(Exception):
    """The law's sentence of this key is in no catalogue. The message is the key."""


def heading(doc: DocumentContent, texts: Texts) -> str:
    """`Invoice 2026-000128`, or the title that the law wants. A packing slip is known by its
    order."""
    _ = texts.gettext
    wanted = {
        "tax_invoice": _("Tax invoice %(number)s"),
        "tax_credit_note": _("Tax credit note %(number)s"),
    }
    for one in doc.statements:
        if one.key in wanted:
            return wanted[one.key] % {"number": doc.number}
    titles = {
        DocumentKind.INVOICE: _("Invoice %(number)s"),
        DocumentKind.CREDIT_NOTE: _("Credit note %(number)s"),
        DocumentKind.PROFORMA: _("Proforma invoice %(number)s"),
        DocumentKind.RECEIPT: _("Receipt %(number)s"),
        DocumentKind.PACKING_SLIP: _("Packing slip"),
    }
    return titles[doc.kind] % {"number": doc.number}


def heads(texts: Texts) -> tuple[str, ...]:
    _ = texts.gettext
    return (_("Item"), _("Quantity"), _("Unit price"), _("Tax"), _("Amount"))


def tax_ids(party: Party, texts: Texts) -> tuple[str, ...]:
    """`VAT ID: DE811907980`, one text for each."""
    _ = texts.gettext
    labels = {
        "vat": _("VAT ID: %(number)s"),
        "tax_number": _("Tax number: %(number)s"),
        "jp_invoice": _("Registration number: %(number)s"),
        "registration": _("Company register: %(number)s"),
    }
    return tuple(
        labels[key] % {"number": number} if key in labels else f"{key}: {number}"
        for key, number in party.tax_ids
    )


def statements(doc: DocumentContent, texts: Texts) -> tuple[str, ...]:
    """What the law wants said below the sums; a title that it wants is the heading."""
    return tuple(statement(one, texts) for one in doc.statements if one.key not in TITLES)


def statement(one: Statement, texts: Texts) -> str:
    """The sentence that the law asks for, with the provision. UnknownStatement where we have none:
    a document without it would be wrong."""
    _ = texts.gettext
    sentences = {
        "reverse_charge": _("Reverse charge: the customer owes the tax"),
        "intra_eu_supply": _("Tax-free intra-Community supply"),
        "export": _("Tax-free export"),
        "small_business": _("No tax is charged: the seller is a small business"),
        "exempt": _("This supply is exempt from tax"),
        "outside_scope": _("This supply is outside the scope of tax"),
        "margin": _("Taxed on the seller's margin"),
    }
    if one.key not in sentences:
        raise UnknownStatement(one.key)
    return f"{sentences[one.key]} ({one.law})" if one.law else sentences[one.key]


def footer(doc: DocumentContent, texts: Texts) -> tuple[str, ...]:
    """Who the seller is; their numbers and how to reach them; what they added (a register)."""
    seller = doc.seller
    name = () if seller.name in seller.address else (seller.name,)
    reach = tuple(filter(None, (seller.email, seller.phone)))
    rows = ((*name, *seller.address), (*tax_ids(seller, texts), *reach), doc.footer)
    return tuple(" · ".join(row) for row in rows if row)


def transfer(doc: DocumentContent, texts: Texts) -> tuple[str, ...]:
    """Where to pay and with which words, one line each; empty where no bank is given."""
    return () if doc.bank is None else tuple(_transfer(doc, texts))


def _transfer(doc: DocumentContent, texts: Texts) -> Iterator[str]:
    assert doc.bank is not None
    yield doc.bank.holder or doc.seller.name
    iban = doc.bank.iban
    yield "IBAN " + "\u00a0".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    if place := " · ".join(filter(None, (doc.bank.bic and f"BIC {doc.bank.bic}", doc.bank.name))):
        yield place
    yield texts.gettext("Reference: %(number)s") % {"number": doc.number}
