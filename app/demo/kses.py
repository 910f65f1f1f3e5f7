"""What WordPress lets through in a note: some tags, few attributes, no scripts.

Tags that are not allowed are dropped and their content stays, so `<script>x</script>` leaves
`x`; a lone `&` becomes `&amp;` (recordings, 21).
"""

import html
import re
from html.entities import html5
from html.parser import HTMLParser

_TAGS = frozenset(
    (
        *("a", "abbr", "b", "blockquote", "br", "cite", "code", "del", "div", "em", "hr", "i"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "img", "ins", "li", "ol", "p", "pre", "q", "s"),
        *("small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "u", "ul"),
    )
)
_ATTRIBUTES = frozenset(
    ("href", "src", "alt", "title", "class", "rel", "target", "width", "height", "colspan")
)
_VOID = frozenset(("br", "hr", "img"))
_SAFE_URL = re.compile(r"^(https?:|mailto:|tel:|[^:]*$)", re.IGNORECASE)
_URL = re.compile(r"(?<![\"'=>/\w])https?://[^\s<\"']+")


class _Filter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """Script and style hold raw text for a browser; here it is read like any other."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            return
        kept = ""
        for name, value in attrs:
            if name in _ATTRIBUTES and _SAFE_URL.match((value or "").strip()):
                kept += f' {name}="{html.escape(value or "")}"'
        self.out.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _TAGS and tag not in _VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.out.append(data.replace("&", "&amp;").replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};" if f"{name};" in html5 else f"&amp;{name}")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")


def clean(text: str) -> str:
    """Text of a note as the shop stores it."""
    if "<" not in text and "&" not in text:
        return text
    parser = _Filter()
    parser.feed(text)
    parser.close()
    return "".join(parser.out)


def paragraphs(stored: str) -> str:
    """A stored note as the mail shows it: URLs become links, blank lines paragraphs."""
    linked = _URL.sub(lambda m: f'<a href="{m[0]}">{m[0]}</a>', stored)
    if "<p>" in linked:
        return linked
    blocks = [block.strip() for block in re.split(r"\n\s*\n", linked)]
    return "".join("<p>" + b.replace("\n", "<br>\n") + "</p>\n" for b in blocks if b)
