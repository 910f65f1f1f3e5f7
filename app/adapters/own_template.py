"""Owners' own templates: what they may reach, and the check before the first use.

    bytes -> size, UTF-8, syntax -> a process of its own renders sample documents of every kind
          -> accepted, or FileRefused with the line that is wrong

A template extends or imports the shipped parts (`{% extends layout.template %}`) and sees `doc` and
`layout`, their fields and nothing behind them. What it refers to is `data:` or a shipped file.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from app.errors import FileRefused
from app.i18n import CUSTOMERS, install
from app.said import Said

LARGEST = 64 * 1024
SECONDS = 15
"""Of work for all sample documents together; they take about two."""
LONGEST_WAIT = 60
"""Seconds by the clock: on a busy machine the work takes several times as long."""
MEMORY = 2 * 1024**3
"""Bytes of address space. WeasyPrint maps some hundred megabytes of libraries and fonts."""
LONGEST_RANGE = 10_000
PARTS = frozenset(
    f"{name}.html"
    for name in (
        *("base", "parts", "priced", "invoice", "credit_note", "proforma", "receipt"),
        "packing_slip",
    )
)
ROOT = Path(__file__).parents[2]


class _PartsOnly(FileSystemLoader):
    """The shipped templates and no other file."""

    def get_source(self, environment: Any, template: str) -> Any:
        if template not in PARTS:
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, narrowed: of a model its fields alone (its methods read files and pickles),
    and no multiplying of texts or towers of powers."""

    intercepted_binops = frozenset(("*", "**"))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, BaseModel):
            return attr in type(obj).model_fields
        return bool(super().is_safe_attribute(obj, attr, value))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not (numbers or hasattr(left, "as_tuple")):
            raise TypeError(f"{operator} is for two numbers, and powers are not allowed")
        return super().call_binop(context, operator, left, right)


def _short_range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > LONGEST_RANGE:
        raise ValueError(f"a range of more than {LONGEST_RANGE} numbers")
    return made


@cache
def sandbox(folder: Path, tag: str) -> ImmutableSandboxedEnvironment:
    """Where own templates run, in one language; kept for the process."""
    made = _Sandbox(
        loader=_PartsOnly(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["range"] = _short_range
    made.globals.pop("lipsum", None)
    install(made, tag, CUSTOMERS)
    return made


def check_template(source: bytes) -> None:
    """Accept an own template, or say what is wrong with it.

    Raises:
        FileRefused: too large, no UTF-8, wrong in its syntax, reaches for what it may not, or did
        not render all sample documents in time and within memory.
    """
    mend = Said("correct the template and hand it in again")
    if len(source) > LARGEST:
        raise FileRefused(
            Said(
                "the template has %(length)s bytes; %(largest)s is the most",
                length=len(source),
                largest=LARGEST,
            ),
            mend=mend,
        )
    try:
        text = source.decode()
        sandbox(ROOT / "templates" / "documents", "en").parse(text)
    except UnicodeDecodeError as error:
        raise FileRefused(Said("the template is no UTF-8 text"), mend=mend) from error
    except TemplateSyntaxError as error:
        raise FileRefused(
            Said("the template, line %(lineno)s: %(error)s", lineno=error.lineno, error=str(error)),
            mend=mend,
        ) from error
    if problem := _trial(source):
        raise FileRefused(Said("the template: %(problem)s", problem=problem), mend=mend)


def prepared_template(source: bytes) -> tuple[str, bytes]:
    """Media type and bytes of a template that passed `check_template`."""
    check_template(source)
    return "text/x-jinja", source


def _trial(source: bytes) -> str:
    """What went wrong when a process of its own rendered the samples; empty where nothing did."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.adapters.template_trial"],
            input=source,
            capture_output=True,
            timeout=LONGEST_WAIT,
            cwd=ROOT,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said("it was not done after %(longest_wait)s seconds", longest_wait=LONGEST_WAIT)
    if done.returncode == 0:
        return ""
    said = done.stdout.decode(errors="replace").strip()
    return said or Said("it took more time or memory than a document may")
