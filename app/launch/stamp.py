"""The stamp in `.venv` that makes a second start instant: what was set up, and from what."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.launch.commands import run

RUNTIME, DEV = "requirements.txt", "requirements-dev.txt"
LOADER = Path(__file__).with_name("native_loader.py")


@dataclass(frozen=True)
class Stamp:
    """What an environment holds. `dev` is empty without the development requirements."""

    python: str
    runtime: str
    loader: str
    dev: str = ""

    def serves(self, wanted: "Stamp") -> bool:
        """Whether an environment with this stamp needs no work for `wanted`; more is no harm."""
        same = replace(self, dev="") == replace(wanted, dev="")
        return same and (not wanted.dev or self.dev == wanted.dev)


def wanted_stamp(root: Path, python: str, dev: bool) -> Stamp:
    """The stamp that the lock files of `root` ask for, with the environment's Python version."""
    dev_digest = _digest(root / DEV) if dev else ""
    return Stamp(python, _digest(root / RUNTIME), _digest(LOADER), dev_digest)


def read_stamp(venv: Path) -> Stamp | None:
    """The stamp of a finished set-up; None without one, or when it cannot be read."""
    try:
        return Stamp(**json.loads(_file(venv).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(venv: Path, stamp: Stamp) -> None:
    """Say that the set-up is finished; whole or not at all."""
    draft = _file(venv).with_suffix(".draft")
    draft.write_text(json.dumps(asdict(stamp)), encoding="utf-8")
    os.replace(draft, _file(venv))  # noqa: PTH105


def drop_stamp(venv: Path) -> None:
    """Say that the set-up is no longer, or not yet, finished."""
    _file(venv).unlink(missing_ok=True)


def python_version(python: Path) -> str:
    """The version that `python` says it is; empty when it does not run."""
    finished = run(
        [str(python), "-I", "-S", "-c", "import platform; print(platform.python_version())"]
    )
    return finished.lines[-1] if finished.code == 0 and finished.lines else ""


def _file(venv: Path) -> Path:
    return venv / "kikubari-setup.json"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
