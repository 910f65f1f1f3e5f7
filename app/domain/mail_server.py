"""What a shop says of its own mail server, checked at entry."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.said import Said

MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError(Said("may hold no line breaks and no other signs that cannot be seen"))
    return value


def _address(value: str) -> str:
    if value and not MAIL_ADDRESS.fullmatch(value):
        raise ValueError(Said("is no e-mail address such as shop@shop.example"))
    return value


class MailServer(BaseModel):
    """The shop's own mail server, for messages instead of notes. Its password is kept apart.

    `host` empty: messages travel as notes of the shop. `security`: `none` is for a server on this
    machine alone. `from_name` empty: the seller's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9._:-]*$")] = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Field(max_length=160), AfterValidator(_one_line)] = ""
    from_address: Annotated[str, AfterValidator(_address)] = ""
    from_name: Annotated[str, Field(max_length=200), AfterValidator(_one_line)] = ""
    reply_to: Annotated[str, AfterValidator(_address)] = ""

    @model_validator(mode="after")
    def _has_sender(self) -> MailServer:
        if self.host and not self.from_address:
            raise ValueError(Said("a mail server needs from_address, from which its mails come"))
        return self

    @property
    def account(self) -> str:
        """For whom and where a password counts."""
        return f"{self.user}@{self.host}:{self.port}"
