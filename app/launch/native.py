"""WeasyPrint's native libraries (Pango, HarfBuzz, fontconfig): found, or brought in."""

import os
import sys
from pathlib import Path

from app.launch.commands import run
from app.launch.errors import LaunchError
from app.launch.packages import Manager, find_manager, install_as_root, unpack
from app.launch.stages import Stage

BREW = (
    "WeasyPrint needs Pango. Type: brew install pango\n"
    "(and where it is still not found: export DYLD_FALLBACK_LIBRARY_PATH=$(brew --prefix)/lib)"
)
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<!-- Written by run.py, because this machine has no /etc/fonts. -->
<fontconfig>
  <dir prefix="relative">../../templates/documents/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
READY, SLOW, MISSING = "ready", "slow", "missing"


def check_native(python: Path) -> str:
    """READY; SLOW: without harfbuzz-subset, so that fonts are cut in Python; or MISSING."""
    if run([str(python), "-W", "error:HarfBuzz-Subset", "-c", "import weasyprint"]).code == 0:
        return READY
    return (
        SLOW if run([str(python), "-W", "ignore", "-c", "import weasyprint"]).code == 0 else MISSING
    )


def ensure_native(stage: Stage, venv: Path) -> None:
    """Leave WeasyPrint importable, or raise LaunchError with the line to type."""
    python = venv / "bin" / "python"
    write_fonts_conf(venv)
    state = check_native(python)
    if state == READY:
        stage.detail = "found on this machine"
        return
    manager = None if sys.platform == "darwin" else find_manager()
    trouble = _bring_in(stage, venv, manager) if manager else ""
    state = check_native(python) if manager else state
    if state == MISSING:
        raise LaunchError(_mend(manager) + trouble)
    if state == SLOW:
        stage.detail = "without harfbuzz-subset: PDFs take longer"


def _bring_in(stage: Stage, venv: Path, manager: Manager) -> str:
    """Install or unpack; returns what went wrong, because a half success may be enough."""
    names = manager.pango

    def show(line: str) -> None:
        stage.detail = f"{manager.program}: {line}"

    if os.geteuid() == 0:
        finished = install_as_root(manager, names, show)
        stage.detail = f"installed with {manager.program}"
        return finished.tail if finished.code else ""
    try:
        unpack(manager, names, venv / "native", show)
    except LaunchError as error:
        stage.detail = "not to be had"
        return str(error)
    order = "from kikubari_native import write_order; write_order()"
    run([str(venv / "bin" / "python"), "-c", order])
    write_fonts_conf(venv)
    stage.detail = "unpacked in .venv/native"
    return ""


def write_fonts_conf(venv: Path) -> None:
    """fontconfig complains about, and finds no cache folder in, a machine without /etc/fonts."""
    if sys.platform != "darwin" and not Path("/etc/fonts/fonts.conf").exists():
        native = venv / "native"
        native.mkdir(exist_ok=True)
        (native / "fonts.conf").write_text(FONTS_CONF, encoding="utf-8")


def _mend(manager: Manager | None) -> str:
    if sys.platform == "darwin":
        return BREW
    if manager is None:
        return "WeasyPrint needs Pango, HarfBuzz and fontconfig; install them by hand\n"
    return f"WeasyPrint's native libraries are missing. Type: {manager.mend()}\n"
