"""The text of a square code that fills in a bank transfer (EPC069-12, version 002)."""

from __future__ import annotations

from decimal import Decimal

from app.domain.invoice import Bank
from app.domain.text import clean

_LEAST, _MOST = Decimal("0.01"), Decimal("999999999.99")
_MOST_BYTES = 331


def epc_payment(bank: Bank, amount: Decimal, reference: str) -> str:
    """Lines of service tag, version, character set (1: UTF-8), identification, BIC, name, IBAN,
    amount, purpose, structured and unstructured reference; "" where it cannot be one.

    `amount` in EUR, 0.01 to 999,999,999.99. The name may have 70 characters, the reference 140.
    """
    if not _LEAST <= amount <= _MOST or amount != amount.quantize(_LEAST):
        return ""
    lines = ["BCD", "002", "1", "SCT", bank.bic, clean(bank.holder, 70), bank.iban]
    lines += [f"EUR{amount.quantize(_LEAST)}", "", "", clean(reference, 140)]
    payload = "\n".join(lines)
    return payload if len(payload.encode()) <= _MOST_BYTES else ""
