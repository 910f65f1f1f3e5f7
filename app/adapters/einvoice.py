"""Documents as e-invoices by EN 16931, in both of its syntaxes.

    content -> the norm's terms (domain/norm_invoice.py) -> CII (drafthorse) or UBL 2.1

Both are pure: the same content gives the same bytes for ever.
"""

from __future__ import annotations

from app.adapters.einvoice_cii import write_cii
from app.adapters.einvoice_ubl import write_ubl
from app.domain.einvoicing import obstacle
from app.domain.invoice import DocumentContent
from app.domain.norm_invoice import norm_invoice
from app.domain.norm_terms import NormInvoice
from app.errors import RenderingFailed
from app.said import Said


def cii(content: DocumentContent) -> bytes:
    """The XML that Factur-X and ZUGFeRD embed as `factur-x.xml` (profile EN 16931).

    Raises:
        RenderingFailed: the norm cannot say this document; `obstacle` tells why beforehand.
    """
    return write_cii(_in_the_norm(content))


def ubl(content: DocumentContent) -> bytes:
    """The same as UBL 2.1: an Invoice, or a CreditNote.

    Raises:
        RenderingFailed: as for `cii`.
    """
    return write_ubl(_in_the_norm(content))


def _in_the_norm(content: DocumentContent) -> NormInvoice:
    if why := obstacle(content):
        raise RenderingFailed(
            Said(
                "document %(number)s: %(why)s",
                number=content.number or Said("without a number"),
                why=why,
            )
        )
    return norm_invoice(content)
