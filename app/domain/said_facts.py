"""Sentences of ours among facts: they stay what they are where pydantic takes a text for one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, ValidatorFunctionWrapHandler, WrapValidator

from app.said import Said, as_kept, to_keep


def _as_it_is(value: object, check: ValidatorFunctionWrapHandler) -> str:
    """pydantic makes a plain text of a `Said`, which no page could say again."""
    checked: str = value if isinstance(value, Said) else check(value)
    return checked


def _read(value: object) -> object:
    return as_kept(value) if type(value) is str else value


Words = Annotated[str, WrapValidator(_as_it_is)]
"""What somebody wrote, or what we say; English in JSON."""
KeptWords = Annotated[
    str, WrapValidator(_as_it_is), BeforeValidator(_read), PlainSerializer(to_keep)
]
"""The same, kept as JSON and read back."""
