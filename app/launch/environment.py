"""The environment `.venv`: made, filled from the locked and hashed requirements, and mended.

stamp fits? -> done
no venv, one that does not run, or one that was left half-filled -> made anew
uv where it is, else pip -> install -> native libraries -> fonts -> stamp
"""

import fcntl
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.launch.commands import Finished, run
from app.launch.errors import LaunchError
from app.launch.native import ensure_native
from app.launch.packages import find_manager, unpack
from app.launch.settings import ROOT
from app.launch.stages import Stage, Stages
from app.launch.stamp import (
    DEV,
    LOADER,
    RUNTIME,
    drop_stamp,
    python_version,
    read_stamp,
    wanted_stamp,
    write_stamp,
)

ASSISTANT = "requirements-mcp.txt"
FONTS = Path("templates/documents/fonts")
# The project's own folder is found from `.venv/bin/python benchmarks/NAME.py` too. The path is
# relative to site-packages, so that a moved or copied checkout finds itself and no other.
# The loader is a copy: importing `app` at every start of a Python would not leave it alone.
PTH = "../../../..\nimport kikubari_native\n"


def ensure_environment(stages: Stages, *, dev: bool = False, root: Path = ROOT) -> Path:
    """Leave a complete `.venv` and return its Python; instant when the stamp fits.

    Raises LaunchError with the mend. Two set-ups at once wait for each other.
    """
    venv = root / ".venv"
    python = venv / "bin" / "python"
    with _one_at_a_time(root):
        if is_set_up(root, dev=dev):
            return python
        with stages.stage("environment") as stage:
            _fill(stage, root, dev)
        with stages.stage("native libraries") as stage:
            ensure_native(stage, venv)
        with stages.stage("fonts") as stage:
            stage.detail = check_fonts(root)
        write_stamp(venv, wanted_stamp(root, python_version(python), dev))
    return python


def add_assistant(stages: Stages, root: Path = ROOT) -> None:
    """Install what the assistants' server needs into a complete `.venv`; again is no harm."""
    with _one_at_a_time(root), stages.stage("assistants' server") as stage:
        tool = _install(stage, root / ".venv", root / ASSISTANT)
        stage.detail = f"with {tool}"


def is_set_up(root: Path = ROOT, *, dev: bool = False) -> bool:
    """Whether the environment holds what the lock files ask for; runs no package manager."""
    python = root / ".venv" / "bin" / "python"
    stamp = read_stamp(root / ".venv")
    if stamp is None or not (version := python_version(python)):
        return False
    return stamp.serves(wanted_stamp(root, version, dev))


def check_fonts(root: Path) -> str:
    """How many fonts the project ships; raises LaunchError when they are gone or unreadable."""
    fonts = [file for file in (root / FONTS).glob("*.?tf") if file.is_file()]
    fonts += (root / FONTS).glob("*.woff2")
    if not fonts:
        raise LaunchError(
            f"no font in {root / FONTS}; the checkout is not complete: git checkout {FONTS}"
        )
    for font in fonts:
        try:
            with font.open("rb") as file:
                file.read(4)
        except OSError as error:
            raise LaunchError(
                f"{font} cannot be read ({error.strerror}); mend its permissions"
            ) from error
    return f"{len(fonts)} shipped with the project"


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Hold a lock that dies with its holder; on a file that every checkout has."""
    with (root / RUNTIME).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fill(stage: Stage, root: Path, dev: bool) -> None:
    venv = root / ".venv"
    python = venv / "bin" / "python"
    unfinished = venv / "kikubari-unfinished"
    if (
        unfinished.exists()
        or not python_version(python)
        or not list(venv.glob("lib/*/site-packages"))
    ):
        _make_venv(venv)
    drop_stamp(venv)
    unfinished.touch()
    requirements = root / (DEV if dev else RUNTIME)
    stage.progress = _progress(venv, requirements)
    tool = _install(stage, venv, requirements)
    for packages in venv.glob("lib/*/site-packages"):
        shutil.copyfile(LOADER, packages / "kikubari_native.py")
        (packages / "kikubari.pth").write_text(PTH, encoding="utf-8")
    unfinished.unlink()
    stage.detail = f"{len(_installed(venv))} packages, with {tool}"


def _make_venv(venv: Path) -> None:
    if venv.is_symlink():
        venv.unlink()
    shutil.rmtree(venv, ignore_errors=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    finished = run([base, "-m", "venv", "--without-pip", str(venv)])
    if finished.code:
        raise LaunchError(
            f"{base} cannot make a virtual environment{_mend_venv()}\n{finished.tail}"
        )


def _mend_venv() -> str:
    manager = find_manager()
    return (
        f"; type: {manager.mend(['python3-venv'])}"
        if manager and manager.program == "apt-get"
        else ""
    )


def _install(stage: Stage, venv: Path, requirements: Path) -> str:
    """Install with uv, else with pip; returns which. uv that fails is no end: pip may be set up
    for a mirror that uv knows nothing of."""
    arguments = ["--require-hashes", "-r", str(requirements)]
    python = str(venv / "bin" / "python")
    uv = shutil.which("uv")
    if uv:
        finished = run([uv, "pip", "install", "--python", python, "--compile-bytecode", *arguments])
        if finished.code == 0:
            return "uv"
    finished = run([*_pip(venv), "install", "--no-input", "--progress-bar", "off", *arguments])
    if finished.code:
        raise LaunchError(
            f"the packages of {requirements.name} could not be installed; with a network, run the"
            f" same again\n{finished.tail}"
        )
    return "pip"


def _pip(venv: Path) -> list[str]:
    """pip for the environment: its own, Python's bundled one, or Debian's, unpacked.

    Debian's python3 comes without pip and ensurepip; python3-pip-whl holds the wheel, which runs
    as it is.
    """
    python = str(venv / "bin" / "python")
    if run([python, "-m", "pip", "--version"]).code == 0 or _ensurepip(python).code == 0:
        return [python, "-m", "pip"]
    trouble = ""
    manager = find_manager()
    if manager and manager.program == "apt-get":
        try:
            unpack(manager, ["python3-pip-whl"], venv / "pip", lambda line: None)
        except LaunchError as error:
            trouble = f"\n{error}"
    places = [venv / "pip/usr/share/python-wheels", Path("/usr/share/python-wheels")]
    wheels = [wheel for place in places for wheel in sorted(place.glob("pip-*.whl"))]
    if not wheels:
        raise LaunchError(f"this Python has no pip{_mend_venv()}{trouble}")
    return [python, f"{wheels[-1]}/pip"]


def _ensurepip(python: str) -> Finished:
    return run([python, "-m", "ensurepip"])


def _progress(venv: Path, requirements: Path) -> Callable[[], str]:
    wanted = len(
        re.findall(r"^[A-Za-z0-9]", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    )

    def progress() -> str:
        count = len(_installed(venv))
        return f"{count} of about {wanted} packages" if count else "fetching packages"

    return progress


def _installed(venv: Path) -> list[Path]:
    return list(venv.glob("lib/*/site-packages/*.dist-info"))
