"""The shop's side of the key exchange: may this application have keys? (recordings, 23; wcauth)

    /wc-auth/v1/authorize       Approve | Deny, or 401 with what is wrong with the question
    /wc-auth/v1/access_granted  makes a key, posts it unsigned to callback_url; exactly 200 keeps it

Two deviations from a real shop. Its administrator is always signed in. And an http callback, which
a real shop refuses, is taken where both the callback and the shop stand on this machine and
`allows_local_callbacks` is on: a demo has no certificate.
"""

import hmac
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.demo.state import Record

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

ASKED = ("app_name", "user_id", "return_url", "callback_url", "scope")
RIGHTS = {"read": "Read", "write": "Write", "read_write": "Read/Write"}
CALLBACK_TIMEOUT_S = 60
NOT_SENT = "An error occurred in the request and at the time were unable to send the consumer data."
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none';"
    " form-action 'none'"
)
LOCAL = ("127.0.0.1", "::1", "localhost")


class Refused(Exception):
    """401 with these words."""


def blueprint(shop: "DemoShop") -> Blueprint:
    """The routes below /wc-auth/v1/."""
    routes = Blueprint("consent", __name__, template_folder="templates")
    nonce = secrets.token_hex(5)

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        return render_template(
            "refused.html", shop_name=shop.name, smtp_down=False, words=f"Error: {error}"
        ), 401

    @routes.after_request
    def guarded(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @routes.get("/authorize")
    def authorize() -> ResponseReturnValue:
        asked = _asked(shop)
        granting = urlencode({**asked, "wc_auth_nonce": nonce})
        return render_template(
            "consent.html",
            shop_name=shop.name,
            smtp_down=False,
            asked=asked,
            rights=RIGHTS[asked["scope"]],
            host=urlsplit(asked["callback_url"]).hostname,
            approve=f"/wc-auth/v1/access_granted/?{granting}",
            deny=_return(asked, success=0),
        )

    @routes.get("/access_granted/")
    def grant() -> ResponseReturnValue:
        asked = _asked(shop)
        if not hmac.compare_digest(request.args.get("wc_auth_nonce", ""), nonce):
            raise Refused("Invalid nonce verification.")
        key = shop.add_key(asked["scope"])
        if not _hand_over(key, asked):
            shop.revoke_key(key["key"])
            raise Refused(NOT_SENT)
        return redirect(_return(asked, success=1))

    return routes


def _asked(shop: "DemoShop") -> dict[str, str]:
    """The question, checked as a real shop checks it."""
    asked = {name: request.args.get(name, "") for name in ASKED}
    for name, value in asked.items():
        if not value:
            raise Refused(f"Missing parameter {name}.")
    if asked["scope"] not in RIGHTS:
        raise Refused(f"Invalid scope {asked['scope']}.")
    for name in ("return_url", "callback_url"):
        if not urlsplit(asked[name]).hostname:
            raise Refused(f"The {name} is not a valid URL.")
    if not _is_safe(shop, asked["callback_url"]):
        raise Refused("The callback_url needs to be over SSL.")
    return asked


def _is_safe(shop: "DemoShop", callback_url: str) -> bool:
    parts = urlsplit(callback_url)
    local = parts.hostname in LOCAL and urlsplit(shop.base_url).hostname in LOCAL
    return parts.scheme == "https" or (local and shop.allows_local_callbacks)


def _hand_over(key: Record, asked: dict[str, str]) -> bool:
    """Post the keys, unsigned; only an answer of exactly 200 counts."""
    body: dict[str, Any] = {
        "key_id": key.get("id", 1),
        "user_id": asked["user_id"],
        "consumer_key": key["key"],
        "consumer_secret": key["secret"],
        "key_permissions": asked["scope"],
    }
    headers = {"Content-Type": "application/json;charset=UTF-8", "User-Agent": "WordPress/demo"}
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                asked["callback_url"],
                json=body,
                headers=headers,
                timeout=CALLBACK_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
    return answer.status_code == 200


def _return(asked: dict[str, str], *, success: int) -> str:
    joint = "&" if "?" in asked["return_url"] else "?"
    user = quote(asked["user_id"], safe="/")
    return f"{asked['return_url']}{joint}success={success}&user_id={user}"
