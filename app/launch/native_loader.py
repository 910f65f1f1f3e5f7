"""Makes unpacked native libraries known to any Python of `.venv`, with nothing else set.

Set-up copies this file to site-packages as kikubari_native.py, and a `.pth` file imports it at
every start of `.venv/bin/python`, so it does next to nothing until WeasyPrint is imported.
Then it loads the libraries below `.venv/native` one after the other, each after those that it
needs: the system's loader takes a library that is in the process already when its name is asked
for, and LD_LIBRARY_PATH would be read at the start of a process only.
"""

import os
import sys
from pathlib import Path

NATIVE = Path(sys.prefix) / "native"
ORDER = NATIVE / "libraries.txt"
FONTS_CONF = NATIVE / "fonts.conf"
HOMEBREW = "/opt/homebrew/lib:/usr/local/lib:/usr/lib"


def prepare() -> None:
    """What must be set before WeasyPrint is imported; cheap where nothing was unpacked."""
    if sys.platform == "darwin":  # ctypes.util.find_library, which cffi asks, reads it at the call
        os.environ.setdefault("DYLD_FALLBACK_LIBRARY_PATH", HOMEBREW)
    if FONTS_CONF.exists():
        os.environ.setdefault("FONTCONFIG_FILE", str(FONTS_CONF))
    if ORDER.exists():
        sys.meta_path.insert(0, _BeforeWeasyPrint())


class _BeforeWeasyPrint:
    """Finds no module; loads the libraries when WeasyPrint is asked for the first time."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "weasyprint":
            sys.meta_path.remove(self)
            load([NATIVE / line for line in ORDER.read_text(encoding="utf-8").splitlines()])


def load(libraries: list[Path]) -> list[Path]:
    """Load what can be loaded, in rounds until nothing more can; returns it in that order."""
    import ctypes

    loaded: list[Path] = []
    waiting = libraries
    while waiting:
        again = []
        for library in waiting:
            try:
                ctypes.CDLL(str(library))
                loaded.append(library)
            except OSError:
                again.append(library)
        if len(again) == len(waiting):
            break
        waiting = again
    return loaded


def write_order() -> None:
    """Write the order in which the libraries below `.venv/native` can be loaded."""
    found = {file.resolve() for file in NATIVE.glob("**/lib*/**/*.so.*") if file.is_file()}
    order = [str(library.relative_to(NATIVE.resolve())) for library in load(sorted(found))]
    ORDER.write_text("\n".join(order) + "\n", encoding="utf-8")


prepare()
