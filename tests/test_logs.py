"""No person stands in the log, whatever fails."""

from __future__ import annotations

import json

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from app.db.staff import Person
from app.domain.invoice import Party
from app.errors import NotPosted
from app.logs import configure_logging
from app.said import Said
from tests.world import World

MAIL = "anna@kikubari.example"


@pytest.fixture(autouse=True)
def _as_before() -> object:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def logged(capsys: pytest.CaptureFixture[str], error: Exception) -> str:
    configure_logging("DEBUG")
    try:
        raise error
    except type(error):
        structlog.get_logger().exception("unexpected", row=1)
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("{")]
    return str(json.loads(line)["exception"])


def test_a_row_that_the_database_refuses_is_not_logged(
    a_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(IntegrityError) as refused, a_world.services.db.write() as session:
        for _ in range(2):
            session.add(Person(email=MAIL, role="reader", created_at=a_world.clock()))
            session.flush()
    said = logged(capsys, refused.value)
    assert MAIL not in said and "IntegrityError" in said


def test_what_did_not_fit_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="Party") as refused:
        Party.model_validate({"name": [MAIL], "address": f"x, input_type {MAIL}"})
    said = logged(capsys, refused.value)
    assert MAIL not in said and "Party" in said


def test_whom_a_mail_server_names_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("DEBUG")
    words = f"451 4.7.1 <{MAIL}>: Recipient address rejected: {MAIL}, try mailto:{MAIL.upper()}."
    error = NotPosted(Said("the mail server put the recipient off (%(said)s)", said=words))
    structlog.get_logger().info("put aside", table="messages", row=1, why=str(error))
    said = capsys.readouterr().err
    assert MAIL not in said.lower() and "451 4.7.1 <hidden>: Recipient address rejected" in said
