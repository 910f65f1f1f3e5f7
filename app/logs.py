"""Structured log lines on standard error, with nothing in them that is personal or secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

TALKATIVE = ("urllib3", "requests", "werkzeug")
"""They log whole addresses, and keys can stand in a shop's."""
HIDDEN = ("secret", "password", "token", "signature", "email", "phone", "address", "note", "body")

VALUES = re.compile(r"DETAIL: .*|input_value=.*")
"""What PostgreSQL and pydantic add to their complaints: whole rows, and what was handed in."""
ADDRESS = re.compile(r"[^\s<>\"'(),;:@]{1,64}@[\w-]+(?:\.[\w-]+)+")
"""A mail server names whom it does not take mail for."""


def configure_logging(level: str) -> None:
    """JSON lines from `level` on (DEBUG, INFO, WARNING, ERROR)."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide,
            structlog.processors.format_exc_info,
            _cover,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _hide(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A key that sounds like a secret or a person's data never shows its value."""
    for key in event:
        if any(word in key.lower() for word in HIDDEN):
            event[key] = "hidden"
    return event


def _cover(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback keeps its lines and kinds of errors, without the values in them; whatever others
    said stays without e-mail addresses."""
    if "exception" in event:
        event["exception"] = VALUES.sub("hidden", event["exception"])
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = ADDRESS.sub("hidden", value)
    return event
