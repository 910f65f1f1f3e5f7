"""Cuts the shipped fonts from their sources; README.md here says where those come from.

Run in a scratch environment with fonttools and brotli, never in the project's own:

    python cut.py SOURCES

where SOURCES holds the unpacked packages. Only needed when a font is to be renewed. The result
depends on the sources and on fonttools' version alone (no dates are written).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

HERE = Path(__file__).parent
INTER = "inter-ui/package/web"
NOTO = "usr/share/fonts"

LATIN = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF),
    (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20CF),
    (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF),
]  # fmt: skip
SYMBOLS = [
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x2190, 0x21FF),
    (0x2300, 0x23FF),
    (0x2460, 0x27BF),
    (0x2B00, 0x2BFF),
]
NAMES = "𠮷𠮟𡈽𣘺𤭖𥔎𦥑礆峼邉邊塚﨑神福靖精羽諸逸都"
"""Kanji of family names that stand outside Windows-31J or have a form of their own there."""


def windows_31j() -> set[int]:
    """JIS X 0208 (levels 1 and 2) with the NEC and IBM extensions: 髙, 﨑, ①, ㈱ are in names."""
    found = set()
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        for trail in range(0x40, 0xFD):
            try:
                found |= {ord(c) for c in bytes((lead, trail)).decode("cp932")}
            except UnicodeDecodeError:
                continue
    kana = {*range(0x3000, 0x3100), *range(0x31F0, 0x3200), *range(0xFF00, 0xFFF0)}
    return found | kana | {ord(c) for c in NAMES} | set(range(0x20, 0x7F))


def coded(encoding: str, leads: range = range(0xA1, 0xFF)) -> set[int]:
    """All two-byte characters of a Chinese or Korean national standard."""
    found = set()
    for lead in leads:
        for trail in range(0x40, 0xFF):
            try:
                found.add(ord(bytes((lead, trail)).decode(encoding)))
            except (UnicodeDecodeError, TypeError):
                continue
    return found


def codepoints(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}


def options(features: list[str]) -> Options:
    chosen = Options()
    chosen.layout_features = features
    chosen.hinting = False
    chosen.desubroutinize = True
    chosen.notdef_outline = True
    chosen.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    chosen.drop_tables += ["DSIG", "STAT", "vhea", "vmtx", "VORG", "BASE"]
    return chosen


def cut(font: TTFont, unicodes: set[int], features: list[str], target: str) -> None:
    font.flavor = None
    with_line_height(font)
    subsetter = Subsetter(options(features))
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    font.recalcTimestamp = False
    font["head"].modified = font["head"].created
    font.save(HERE / target)


def with_tabular_digits(font: TTFont) -> None:
    """All digits one width, without a feature to ask for.

    Inter's own `tnum` widens hyphens and points too, which tears numbers such as 2026-000128.
    """
    gsub = font["GSUB"].table
    wanted = {i for f in gsub.FeatureList.FeatureRecord if f.FeatureTag == "tnum"
              for i in f.Feature.LookupListIndex}  # fmt: skip
    tabular = {}
    for index in wanted:
        for table in gsub.LookupList.Lookup[index].SubTable:
            tabular |= getattr(table, "ExtSubTable", table).mapping
    for table in font["cmap"].tables:
        for code in range(ord("0"), ord("9") + 1):
            if code in table.cmap:
                table.cmap[code] = tabular.get(table.cmap[code], table.cmap[code])


def with_line_height(font: TTFont) -> None:
    """Inter's line height for every font, so that no line grows where scripts mix."""
    upem = font["head"].unitsPerEm
    above, below = round(upem * 1984 / 2048), round(upem * 494 / 2048)
    font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = above, -below, 0
    os2 = font["OS/2"]
    os2.sTypoAscender, os2.sTypoDescender, os2.sTypoLineGap = above, -below, 0
    os2.usWinAscent, os2.usWinDescent = above, below


def with_space(font: TTFont) -> None:
    """A space glyph where there is none: Pango draws a space in the font of what precedes it."""
    best = font.getBestCmap()
    if 0x20 in best:
        return
    name = "space.added"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = Glyph()
    font["glyf"].glyphOrder = font.getGlyphOrder()
    font["hmtx"].metrics[name] = (font["head"].unitsPerEm // 4, 0)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {0x20: name, 0xA0: name}


def rename(font: TTFont, family: str) -> None:
    """One family name for both weights, whatever the source's own naming."""
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = family


def merged(parts: list[Path]) -> TTFont:
    """The slices of a web font as one font again."""
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for part in parts:
            font = TTFont(part)
            font.flavor = None
            plain.append(Path(folder) / f"{part.stem}.ttf")
            font.save(plain[-1])
        return Merger().merge([str(path) for path in plain])


def main(sources: Path) -> None:
    layout = ["kern", "mark", "mkmk", "ccmp", "locl"]
    for weight in ("Regular", "SemiBold"):
        font = TTFont(sources / INTER / f"Inter-{weight}.woff2")
        with_tabular_digits(font)
        cut(font, codepoints(LATIN), layout, f"Inter-{weight}.ttf")
    for weight in ("Regular", "Bold"):
        collection = sources / NOTO / f"opentype/noto/NotoSansCJK-{weight}.ttc"
        font = TTFont(collection, fontNumber=0)
        rename(font, "Noto Sans JP")
        cut(font, windows_31j(), [], f"NotoSansJP-{weight}.otf")
    slices = sorted((sources / "noto-emoji/package/files").glob("noto-emoji-*-400-normal.woff2"))
    emoji = merged(slices)
    with_space(emoji)
    cut(emoji, set(emoji.getBestCmap()), ["ccmp", "liga"], "NotoEmoji-Regular.ttf")
    collection = sources / NOTO / "opentype/noto/NotoSansCJK-Regular.ttc"
    cjk = {
        # Chinese has forms of its own, so its fonts are whole; Korean needs hangul beside Japanese.
        "Noto Sans KR": (1, coded("euc_kr") - windows_31j()),
        "Noto Sans SC": (2, coded("gb2312")),
        "Noto Sans TC": (3, coded("big5", range(0xA1, 0xC7))),  # level 1: common characters
    }
    for family, (number, wanted) in cjk.items():
        font = TTFont(collection, fontNumber=number)
        rename(font, family)
        cut(font, wanted | {0x20, 0xA0}, [], f"{family.replace(' ', '')}-Regular.otf")
    for script in ("Arabic", "Hebrew", "Thai"):
        font = TTFont(sources / NOTO / f"truetype/noto/NotoSans{script}-Regular.ttf")
        cut(font, set(font.getBestCmap()), ["*"], f"NotoSans{script}-Regular.ttf")
    symbols = TTFont(sources / NOTO / "truetype/noto/NotoSansSymbols2-Regular.ttf")
    cut(symbols, codepoints(SYMBOLS), [], "NotoSansSymbols2-Regular.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
