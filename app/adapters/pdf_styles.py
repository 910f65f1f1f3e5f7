"""Computed styles that begin with what they would compute anyway: 7 % of a page's time.

WeasyPrint computes each of some ninety properties of each style when it is first asked for, in
Python. Most are initial values or the parent's, which need no computing; here every new style is
given those at once. What a style sheet sets is still computed as before, so pages are the same to
the byte (tests/documents/test_pdf.py). It reaches into WeasyPrint, whose version is locked.
"""

from __future__ import annotations

from typing import Any

from weasyprint import css
from weasyprint.css.properties import INHERITED, INITIAL_NOT_COMPUTED, INITIAL_VALUES

_DEPEND_ON_OTHERS = {"page", "position", "float", "display"}
_PLAIN = {
    name: value
    for name, value in INITIAL_VALUES.items()
    if name not in INHERITED
    and name not in INITIAL_NOT_COMPUTED
    and name not in _DEPEND_ON_OTHERS
    and not name.startswith("text_decoration_")
}
_HAVE_LOGICAL_NAMES = [name for name in _PLAIN if name in css.PHYSICAL_FUNCTIONS]
"""`margin_left` is set by `margin-inline-start` too."""
_INHERITED = [name for name in INHERITED if name not in css.PHYSICAL_FUNCTIONS]
_anonymous, _computed = css.AnonymousStyle.__init__, css.ComputedStyle.__init__


def begin_with_initial_values() -> None:
    """Change WeasyPrint for this process. Doing it again changes nothing."""
    css.AnonymousStyle.__init__ = _prefilled_anonymous
    css.ComputedStyle.__init__ = _prefilled_computed


def as_it_was() -> None:
    """Take the change back, to compare."""
    css.AnonymousStyle.__init__ = _anonymous
    css.ComputedStyle.__init__ = _computed


def _prefilled_anonymous(style: dict[str, Any], parent: Any) -> None:
    style.update(_PLAIN)
    style.update((name, parent[name]) for name in _INHERITED)
    _anonymous(style, parent)


def _prefilled_computed(
    style: dict[str, Any], parent: Any, cascaded: dict[str, Any], *more: Any
) -> None:
    _computed(style, parent, cascaded, *more)
    style.update(_PLAIN)
    if parent is not None:
        style.update((name, parent[name]) for name in _INHERITED)
    for name in cascaded:
        style.pop(name, None)
    if any("inline" in name or "block" in name for name in cascaded):
        for name in _HAVE_LOGICAL_NAMES:
            style.pop(name, None)
