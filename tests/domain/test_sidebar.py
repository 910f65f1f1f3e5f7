"""Whose request is it? Each help desk's own proof: accepted, and refused when a byte is another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.domain.sidebar import chatwoot, freescout, help_scout, zendesk
from app.domain.sidebar.question import LARGEST, addresses, origin_of, read_object
from app.errors import BadSignature, SettingsError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a-secret-of-a-help-desk"
ORIGIN = "https://tea.zendesk.com"
AUDIENCE = "https://tea.zendesk.com/api/v2/apps/installations/32.json"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHERS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


PUBLIC = pem_of(PRIVATE)


def claims(**changed: Any) -> dict[str, Any]:
    """What Zendesk's documentation shows in such a token."""
    at = int(NOW.timestamp())
    found = {
        "iss": "tea.zendesk.com",
        "aud": AUDIENCE,
        "iat": at,
        "exp": at + 3600,
        "sub": "https://tea.zendesk.com/api/v2/users/1.json",
        "qsh": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "context": {"product": "support", "location": "ticket_sidebar"},
    }
    found |= changed
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = PRIVATE, algorithm: str = "RS256", **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm)


def refused(given: str, now: datetime = NOW, audience: str = AUDIENCE) -> str:
    with pytest.raises(BadSignature) as error:
        zendesk.read(given, PUBLIC, audience, now)
    return str(error.value)


# Help Scout


def test_help_scouts_own_example_is_accepted() -> None:
    """The example of its PHP client (helpscout/helpscout-api-php, examples/webhooks.php)."""
    body = b'{"id":123}'
    assert help_scout.signature_of(body, "asdfasdf") == "7S2+kN8bZsrdAEADJ+yYfWWsf/4="
    assert help_scout.read(body, "7S2+kN8bZsrdAEADJ+yYfWWsf/4=", "asdfasdf") == ()


def test_help_scout_tells_whom_a_conversation_is_about() -> None:
    body = json.dumps(
        {"customer": {"email": "Ann@Tea.Example ", "emails": ["ann@tea.example", "a@b.example"]}}
    ).encode()
    signature = help_scout.signature_of(body, SECRET)
    assert help_scout.read(body, signature, SECRET) == ("ann@tea.example", "a@b.example")


@pytest.mark.parametrize("place", range(0, 52, 7))
def test_help_scouts_body_with_another_byte_is_refused(place: int) -> None:
    body = json.dumps({"customer": {"email": "ann@tea.example"}, "x": 1}).encode()
    signature = help_scout.signature_of(body, SECRET)
    other = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
    with pytest.raises(BadSignature, match="signature"):
        help_scout.read(other, signature, SECRET)


@pytest.mark.parametrize("signature", ["", "x", "7S2+kN8bZsrdAEADJ+yYfWWsf/5=", "é" * 20, "\x00"])
def test_help_scouts_body_with_another_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature, match="signature"):
        help_scout.read(b'{"id":123}', signature, "asdfasdf")


def test_a_secret_that_is_empty_opens_nothing() -> None:
    body = b'{"secret": ""}'
    made = base64.b64encode(hmac.new(b"", body, hashlib.sha1).digest()).decode()
    with pytest.raises(BadSignature):
        help_scout.read(body, made, "")
    with pytest.raises(BadSignature):
        freescout.read(body, "")
    with pytest.raises(BadSignature):
        chatwoot.check("", "")


# FreeScout, Chatwoot


def test_freescout_is_known_by_its_secret() -> None:
    asked = {"customerEmail": "ann@tea.example", "mailboxId": 1, "secret": SECRET}
    assert freescout.read(json.dumps(asked).encode(), SECRET) == ("ann@tea.example",)
    for other in ("", SECRET[:-1], SECRET + "x", None, [SECRET], {"a": 1}, 7):
        with pytest.raises(BadSignature, match="secret"):
            freescout.read(json.dumps(asked | {"secret": other}).encode(), SECRET)


def test_chatwoots_secret_stands_where_browsers_send_it_to_nobody() -> None:
    address = chatwoot.address_of("https://kikubari.example/sidebar/key", SECRET)
    assert address == f"https://kikubari.example/sidebar/key#{SECRET}"
    chatwoot.check(SECRET, SECRET)
    for other in (SECRET.upper(), "", None, 1, [SECRET]):
        with pytest.raises(BadSignature, match="secret"):
            chatwoot.check(other, SECRET)


# Zendesk


def test_a_token_of_the_installation_is_accepted_with_or_without_https_in_its_issuer() -> None:
    for issuer in ("tea.zendesk.com", "https://tea.zendesk.com"):
        found = zendesk.read(token(iss=issuer), PUBLIC, AUDIENCE, NOW)
        assert found.expires_at == NOW + zendesk.OLDEST + zendesk.SKEW


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_another_sign_is_refused(part: int) -> None:
    parts = token().split(".")
    place = len(parts[part]) // 2
    other = "A" if parts[part][place] != "A" else "B"
    parts[part] = parts[part][:place] + other + parts[part][place + 1 :]
    assert refused(".".join(parts)) == "signature"


def test_no_other_algorithm_counts_whatever_the_token_says() -> None:
    """The classic: the public key, which anybody may have, taken for a shared secret."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    begin = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims())}"
    made = hmac.new(PUBLIC.encode(), begin.encode(), hashlib.sha256).digest()
    forged = f"{begin}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"
    assert refused(forged) == "signature"
    assert refused(f"{part({'alg': 'none'})}.{part(claims())}.") == "signature"
    assert refused(token(algorithm="RS512")) == "signature"
    assert refused(token(algorithm="PS256")) == "signature"
    assert refused(token(key=OTHERS)) == "signature"


@pytest.mark.parametrize("missing", zendesk.CLAIMS)
def test_a_token_without_a_claim_is_refused(missing: str) -> None:
    assert refused(token(**{missing: None})) in ("signature", "audience")


def test_a_token_for_another_installation_or_account_is_refused() -> None:
    other = AUDIENCE.replace("32", "33")
    assert refused(token(aud=other)) == "audience"
    assert refused(token(iss="coffee.zendesk.com")) == "issuer"


def test_a_token_is_good_for_its_time_alone() -> None:
    at, hour = int(NOW.timestamp()), timedelta(hours=1)
    short = token(exp=at + 60)
    zendesk.read(short, PUBLIC, AUDIENCE, NOW + timedelta(seconds=119))
    assert refused(short, NOW + timedelta(seconds=121)) == "too old"
    endless = token(exp=at + 10**8)
    zendesk.read(endless, PUBLIC, AUDIENCE, NOW + hour)
    assert refused(endless, NOW + hour + timedelta(seconds=61)) == "too old"
    assert refused(token(iat=at + 61)) == "too early"
    assert refused(token(nbf=at + 61)) == "too early"
    zendesk.read(token(iat=at + 59), PUBLIC, AUDIENCE, NOW)


@pytest.mark.parametrize("time", ["soon", True, -1, 10**20, [1], {"a": 1}])
def test_times_that_are_none_are_refused(time: Any) -> None:
    assert refused(token(exp=time)) in ("time", "signature")
    assert refused(token(iat=time)) in ("time", "signature")


def test_a_token_is_named_by_its_id_or_by_what_was_signed() -> None:
    def name(given: str) -> str:
        return zendesk.read(given, PUBLIC, AUDIENCE, NOW).sha256

    one = token()
    assert name(one) == name(one) and name(one) != name(token(qsh="another"))
    assert name(token(jti="7")) == name(token(jti="7", qsh="another")) != name(token(jti="8"))


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "." * 100, "é.é.é", "a" * 9_000])
def test_what_is_no_token_is_refused(given: str) -> None:
    assert refused(given) in ("token", "signature")


def test_a_zendesk_app_is_given_by_its_public_key_and_installation() -> None:
    zendesk.check_key(PUBLIC)
    small = pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024))
    private = PRIVATE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    for wrong in ("", "secret", small, private, PUBLIC[:200], "-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(SettingsError, match="public key"):
            zendesk.check_key(wrong)
    assert zendesk.audience_of(ORIGIN + "/", "32") == AUDIENCE
    for wrong in ("", "x", "1/2", "٣", "1" * 30):
        with pytest.raises(SettingsError, match="no number"):
            zendesk.audience_of(ORIGIN, wrong)


# what they all share


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"a": ' * 10_000,
        b"[" * 50_000,
        b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"a": "' + b"x" * LARGEST + b'"}',
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda body: str(body[:12]),
)
def test_hostile_json_is_refused_calmly(body: bytes) -> None:
    with pytest.raises(BadSignature, match="unreadable"):
        read_object(body)


def test_addresses_are_read_from_anything() -> None:
    assert addresses(None, 1, [], {}, "", "x", "a@b", "A@B ", "a b@c", "a@b\n@c") == ("a@b",)
    assert addresses("a'--@b", "<a@b>", "a@b,c@d", "é@b.example", "x" * 400 + "@b") == (
        "é@b.example",
    )
    assert len(addresses(*(f"{n}@b" for n in range(50)))) == 5


def test_an_origin_is_one_and_nothing_that_a_header_could_be_bent_with() -> None:
    assert origin_of(" https://Desk.Example/ ") == "https://desk.example"
    assert origin_of("https://desk.example:8443") == "https://desk.example:8443"
    assert origin_of("http://127.0.0.1:3000") == "http://127.0.0.1:3000"
    for wrong in (
        *("", "*", "https://*", "https://*.example", "http://desk.example", "https://"),
        *("https://a b", "https://a;script-src *", "https://a/path", "'self'"),
        *("https://a@b", "https://desk.example https://b", "javascript:1", "https://é.example"),
    ):
        with pytest.raises(SettingsError, match="no address"):
            origin_of(wrong)
