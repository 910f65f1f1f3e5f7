"""What a token of the API may do."""

from __future__ import annotations

from enum import StrEnum

TOKEN_PREFIX = "kk_"  # noqa: S105
"""Every token begins so: a person, or a program that looks for leaked secrets, knows it at once."""


class ApiScope(StrEnum):
    """`read`: orders, customers, what was told. `documents`: lists and files of documents.
    `approve`: says yes or no to what waits. `act`: does tasks."""

    READ = "read"
    DOCUMENTS = "documents"
    APPROVE = "approve"
    ACT = "act"
