"""What is wrong with an entered value, in a sentence that can be said in other languages.

Our own checks raise a ValueError with `Said`; for those of pydantic its texts stand here, word for
word, by their kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.said import Said

TEXTS = {
    "string_pattern_mismatch": Said("String should match pattern '%(pattern)s'"),
    "string_too_long": Said("String should have at most %(max_length)s characters"),
    "string_too_short": Said("String should have at least %(min_length)s characters"),
    "string_type": Said("Input should be a valid string"),
    "literal_error": Said("Input should be %(expected)s"),
    "int_parsing": Said("Input should be a valid integer, unable to parse string as an integer"),
    "int_parsing_size": Said("Unable to parse input string as an integer, exceeded maximum size"),
    "int_from_float": Said("Input should be a valid integer, got a number with a fractional part"),
    "decimal_parsing": Said("Input should be a valid decimal"),
    "finite_number": Said("Input should be a finite number"),
    "greater_than": Said("Input should be greater than %(gt)s"),
    "greater_than_equal": Said("Input should be greater than or equal to %(ge)s"),
    "less_than": Said("Input should be less than %(lt)s"),
    "less_than_equal": Said("Input should be less than or equal to %(le)s"),
    "bool_parsing": Said("Input should be a valid boolean, unable to interpret input"),
    "time_parsing": Said("Input should be in a valid time format, %(error)s"),
    "extra_forbidden": Said("Extra inputs are not permitted"),
}
"""By pydantic's name of the error; the values are those of its context."""


def why_wrong(error: Mapping[str, Any]) -> str:
    """One of a ValidationError's errors for people. What was entered is repeated only where a check
    of ours does so itself, cut short."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error" and (said := context["error"].args):
        return said[0] if isinstance(said[0], Said) else str(said[0])
    if kind in TEXTS:
        return Said(TEXTS[kind].text, **context)
    return str(error["msg"])
