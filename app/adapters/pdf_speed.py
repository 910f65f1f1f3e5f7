"""Two shortcuts in WeasyPrint, for this process: 12 % of a page's time.

Styles: WeasyPrint computes each of some ninety properties of each style when it is first asked for,
in Python. Most are initial values or the parent's, which need no computing; here every new style is
given those at once (7 %). What a style sheet sets is still computed as before, so pages are the
same to the byte.

Rules: a border on one side is a clipped frame to WeasyPrint; here, where it is plain, it is the
rectangle that is left of it (5 %). Pages look the same, without the seams that viewers draw where
clipped frames meet.

This reaches into WeasyPrint, whose version is locked; tests/documents/test_pdf.py compares pages
with and without.
"""

from __future__ import annotations

from typing import Any

from weasyprint import css, draw
from weasyprint.css.properties import INHERITED, INITIAL_NOT_COMPUTED, INITIAL_VALUES
from weasyprint.draw.color import get_color

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
_draw_border = draw.draw_border


def shorten(*, styles: bool = True, rules: bool = True) -> None:
    """Take these shortcuts from now on, and no others. Doing it again changes nothing."""
    css.AnonymousStyle.__init__ = _prefilled_anonymous if styles else _anonymous
    css.ComputedStyle.__init__ = _prefilled_computed if styles else _computed
    draw.draw_border = _draw_rule if rules else _draw_border


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


def _draw_rule(stream: Any, box: Any) -> None:
    side = _only_side(box)
    if side == "none" and box.style["column_rule_width"] == 0:
        return
    if side not in ("top", "bottom") or not _is_plain(box.style, side):
        _draw_border(stream, box)
        return
    width = getattr(box, f"border_{side}_width")
    below = box.border_height() - width if side == "bottom" else 0
    stream.set_color(get_color(box.style, f"border_{side}_color"))
    stream.rectangle(box.border_box_x(), box.border_box_y() + below, box.border_width(), width)
    stream.fill()


def _only_side(box: Any) -> str:
    """`top` or `bottom` where that is the only border, `none` without any, else ""."""
    top, bottom = box.border_top_width, box.border_bottom_width
    if box.border_left_width or box.border_right_width or (top and bottom):
        return ""
    return "top" if top else "bottom" if bottom else "none"


def _is_plain(style: Any, side: str) -> bool:
    return (
        style[f"border_{side}_style"] == "solid"
        and style["visibility"] == "visible"
        and style["border_image_source"][0] == "none"
        and style["column_width"] == style["column_count"] == "auto"
        and not any(style[f"border_{side}_{end}_radius"][0].value for end in ("left", "right"))
    )
