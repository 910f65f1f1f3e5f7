"""The settings that the launcher itself reads: from the environment, else from `.env`.

Everything else in `.env` is the application's affair (`app/settings.py`).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.launch.errors import LaunchError

ROOT = Path(__file__).resolve().parents[2]

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
_QUOTED = re.compile(r"""^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?$""")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


@dataclass(frozen=True)
class LaunchSettings:
    """What a run needs to know before the application can be asked. Paths are absolute."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    demo_port: int = 8001
    redis_url: str = ""
    workers: int = 2
    web_threads: int = 32

    @property
    def web_url(self) -> str:
        """Where this machine reaches the web server (a wildcard address is no destination)."""
        return f"http://{_reachable(self.host)}:{self.port}"


def parse_dotenv(text: str) -> dict[str, str]:
    """The assignments of a `.env` file, as python-dotenv reads them (without ${…} expansion)."""
    values = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            values[match[1]] = _unquote(match[2])
    return values


def _unquote(raw: str) -> str:
    if match := _QUOTED.match(raw):
        if match[2] is not None:
            return match[2]
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), match[1])
    return re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].rstrip()


def read_settings(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> LaunchSettings:
    """Settings from `environ`, else from `root/.env`, else the defaults.

    Raises LaunchError that names a wrong setting and its mend.
    """
    merged = {**read_dotenv(root), **environ}

    def get(name: str, default: str) -> str:
        return merged.get(name) or default

    return LaunchSettings(
        data_dir=(root / Path(get("DATA_DIR", "data")).expanduser()).resolve(),
        host=get("HOST", "127.0.0.1"),
        port=_whole("PORT", get("PORT", "8000"), 1, 65535),
        demo_port=_whole("DEMO_PORT", get("DEMO_PORT", "8001"), 1, 65535),
        redis_url=get("REDIS_URL", ""),
        workers=_whole("WORKERS", get("WORKERS", "2"), 1, 64),
        web_threads=_whole("WEB_THREADS", get("WEB_THREADS", "32"), 1, 256),
    )


def read_dotenv(root: Path) -> dict[str, str]:
    """The values of `root/.env`; empty without such a file. Raises LaunchError if unreadable."""
    path = root / ".env"
    try:
        return parse_dotenv(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f"{path} cannot be read ({error}); make it readable UTF-8") from error


def _whole(name: str, text: str, low: int, high: int) -> int:
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    raise LaunchError(
        f'{name}="{text}" is no whole number from {low} to {high}; mend .env or the environment'
    )


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host
