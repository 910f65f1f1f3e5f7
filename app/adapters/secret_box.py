"""Encryption of secrets at rest: shops' keys, passwords of mail servers, what makes people's
codes (Fernet; several keys, so that they can be replaced)."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import SettingsError


class FernetBox:
    """Seals with the newest key and opens with any."""

    def __init__(self, keys: str) -> None:
        """`keys`: Fernet keys, newest first, separated by commas."""
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
        except ValueError as error:
            raise SettingsError(
                "setting ENCRYPTION_KEYS holds no usable key",
                mend="restore the key file of this DATA_DIR, or set the key it was made with",
            ) from error

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises SettingsError where none of the keys made `sealed`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SettingsError(
                "the shops' keys were encrypted with another ENCRYPTION_KEYS",
                mend="restore encryption.key, or give new keys with `store change`",
            ) from None
