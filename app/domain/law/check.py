"""Whether a document carries what its law asks for."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.europe import is_member
from app.domain.invoice import DocumentContent, DocumentKind
from app.domain.law.countries import ELSEWHERE, EUROPEAN_UNION, KNOWN
from app.domain.law.requirement import Law, Requirement
from app.domain.tax_number import wrong_numbers
from app.errors import InvoiceIncomplete
from app.said import Said


def law_of(country: str) -> Law:
    """The law of a seller's country (ISO 3166 code): its own, the EU's, or the least."""
    return KNOWN.get(country) or (EUROPEAN_UNION if is_member(country) else ELSEWHERE)


def missing(content: DocumentContent) -> Iterator[Requirement]:
    """What the law asks for and the document has not. Proformas and receipts are no invoices:
    they only need to say whose they are."""
    law = law_of(content.seller.country)
    if content.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        law = ELSEWHERE
    simplified = law.simplified(content)
    for requirement in law.requirements:
        if requirement.of_buyer and simplified:
            continue
        if not requirement.met(content):
            yield requirement


def check_law(content: DocumentContent) -> None:
    """Refuse a document that lacks something.

    Raises:
        InvoiceIncomplete: names what is missing, the provision, and the setting or the field of
            the order to mend.
    """
    for requirement in missing(content):
        raise InvoiceIncomplete(
            Said(
                "the invoice needs %(what)s (%(source)s)",
                what=requirement.what,
                source=requirement.source,
            ),
            mend=requirement.mend,
        )
    for phrase in wrong_numbers(content.seller.tax_ids, content.seller.country):
        raise InvoiceIncomplete(
            Said("seller.tax_ids: %(phrase)s", phrase=phrase),
            mend=Said("correct seller.tax_ids in the settings, then retry"),
        )
