"""One frozen Settings object from the environment and `.env`, read once at the start.

A missing or wrong value stops the start with its name and the mend. Every field stands in
`.env.example` and in docs/settings.md; a test holds the three together.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every setting with a default that serves one machine."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Path("data")
    """Folder of everything that is kept: database, documents, keys, logs."""
    database_url: str = ""
    """SQLAlchemy URL; empty: a SQLite file in DATA_DIR."""
    redis_url: str = ""
    """Redis or Valkey; empty: `run.py` starts one of its own."""
    public_url: str = ""
    """The address under which customers and shops reach this service; empty: HOST and PORT."""
    secret_key: SecretStr = SecretStr("")
    """Signs sessions and links; empty: generated once and kept in DATA_DIR."""
    encryption_keys: SecretStr = SecretStr("")
    """Encrypt shop keys at rest: Fernet keys, newest first, separated by commas; empty: generated
    once and kept in DATA_DIR."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    trusted_proxies: int = Field(0, ge=0, le=5)
    """How many reverse proxies stand before this service and set X-Forwarded-For and -Proto."""
    web_threads: int = Field(32, ge=1, le=256)
    """Requests that each of the two web processes works on at once."""
    workers: int = Field(2, ge=1, le=64)
    """Worker processes."""
    demo_port: int = Field(8001, ge=1, le=65535)
    reconcile_seconds: float = Field(300.0, ge=1)
    """How often every shop's changed orders are read, because webhooks get lost."""
    poll_seconds: float = Field(20.0, ge=1)
    """How often a shop is asked, in between, whether anything changed at all."""
    allow_private_shops: bool = False
    """Whether a shop may stand in a private network or on this machine."""
    lease_seconds: float = Field(120.0, gt=0)
    """How long a worker may hold a piece of work before another may take it."""
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.startswith("postgresql://"):
            return value.replace("postgresql://", "postgresql+psycopg://", 1)
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (or http:// on one machine)")
        return value.rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'kikubari.sqlite3'}"

    @property
    def own_url(self) -> str:
        """PUBLIC_URL, or where this machine serves it."""
        if self.public_url:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings and prepare DATA_DIR.

    Raises:
        SettingsError: names the variable and what it should be.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper()
        raise SettingsError(
            f"setting {name}: {first['msg']}",
            mend=f"correct {name} in the environment or in .env (see .env.example)",
        ) from None
    data_dir = (ROOT / settings.data_dir.expanduser()).resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"setting DATA_DIR: {data_dir} cannot be made ({error.strerror})",
            mend="point DATA_DIR at a folder that this user may write",
        ) from None
    return settings.model_copy(
        update={
            "data_dir": data_dir,
            "secret_key": _kept(settings.secret_key, data_dir / "secret.key", _new_secret),
            "encryption_keys": _kept(
                settings.encryption_keys, data_dir / "encryption.key", _new_fernet
            ),
        }
    )


def add_encryption_key(data_dir: Path) -> None:
    """Put a new key before those in `encryption.key`: it seals from the next start on, and the
    older ones go on opening what they sealed.

    Raises:
        SettingsError: the file is not what counts, or cannot be read or written.
    """
    if Settings().encryption_keys.get_secret_value():
        raise SettingsError(
            "ENCRYPTION_KEYS is set, and encryption.key does not count",
            mend="put a new key before the others in ENCRYPTION_KEYS yourself",
        )
    path = data_dir / "encryption.key"
    try:
        present = path.read_text(encoding="utf-8").strip()
        _write(path, f"{_new_fernet()},{present}".rstrip(","))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read or written ({error.strerror})",
            mend="see that this user may read and write it",
        ) from None


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def _new_fernet() -> str:
    return Fernet.generate_key().decode()


def _kept(given: SecretStr, path: Path, make: Any) -> SecretStr:
    """The given secret, else the one kept in `path`, else a new one, kept there for its owner."""
    if given.get_secret_value():
        return given
    try:
        if not path.exists():
            _write(path, make(), once=True)
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"setting DATA_DIR: {path} cannot be read or written ({error.strerror})",
            mend="point DATA_DIR at a folder that this user may write",
        ) from None
    if not secret:
        raise SettingsError(
            f"setting DATA_DIR: {path} is empty",
            mend="restore it from a backup; without one remove it, and a new one is made",
        )
    return SecretStr(secret)


def _write(path: Path, text: str, *, once: bool = False) -> None:
    """Write a file whole or not at all; with `once` the first of two processes wins."""
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not once:
            Path(temporary).replace(path)
            return
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
