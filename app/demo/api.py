"""The shop's REST API v3: finding the route, checking the caller, dressing the answer.

    request -> fault? -> route -> caller -> arguments and body -> handler -> headers

The handlers live in routes_orders and routes_shop; each gets a Call and returns a Reply.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Request, Response, request

from app.demo import params
from app.demo.auth import Doorkeeper, is_https
from app.demo.state import Record, ShopError

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

PREFIX = "/wp-json/wc/v3"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_EDIT = ("POST", "PUT", "PATCH")
STANDARD = {
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
    "Access-Control-Allow-Headers": (
        "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"
    ),
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}


@dataclass
class Call:
    """One checked request on its way to a handler."""

    shop: "DemoShop"
    method: str
    ids: dict[str, int | str]
    args: Record
    body: Record
    user_id: int

    def param(self, name: str, default: Any = None) -> Any:
        """A parameter of the body, else of the query."""
        return self.body.get(name, self.args.get(name, default))

    @property
    def id(self) -> int:
        """The last id of the path."""
        return int(self.ids["id"])

    @property
    def order_id(self) -> int:
        """The order's id in the path of something below an order."""
        return int(self.ids["order_id"])

    @property
    def decimals(self) -> int:
        """`dp`, or the shop's own number of decimals."""
        return params.integer(self.args, "dp", self.shop.decimals, 0, 8)

    @property
    def force(self) -> bool:
        """Whether a DELETE is for good."""
        return params.flag(self.param("force", False), "force")

    def must_force(self) -> None:
        """Refuse a DELETE without force, in the words that the shop uses everywhere."""
        if not self.force:
            code = "woocommerce_rest_trash_not_supported"
            raise ShopError(code, "Webhooks do not support trashing.", 501)


@dataclass
class Reply:
    """What a handler answers; `total` makes it a page of a list."""

    body: Any
    status: int = 200
    total: int | None = None
    location: str = ""
    allow: str | None = None


class _Answer(Response):
    """Leaves the Location as it is: WordPress sends characters there that Flask would encode."""

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        if "Location" in self.headers:
            headers["Location"] = self.headers["Location"]
        return headers


Handler = Callable[[Call], Reply]


@dataclass
class Route:
    """A path below wc/v3 and what its methods do."""

    pattern: str
    get: Handler | None = None
    post: Handler | None = None
    edit: Handler | None = None
    delete: Handler | None = None
    batch: Handler | None = None
    allows: str = ""
    regex: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        text = re.sub(r"<(\w+)>", r"(?P<\1>\\d+)", self.pattern)
        self.regex = re.compile(re.sub(r"<(\w+):text>", r"(?P<\1>[\\w-]+)", text))

    def handler(self, method: str) -> Handler | None:
        """What answers that method."""
        if method in ("GET", "HEAD"):
            return self.get
        if method == "DELETE":
            return self.delete
        if method == "POST" and self.post:
            return self.post
        return (self.edit or self.batch) if method in _EDIT else None

    @property
    def allow(self) -> str:
        """The Allow header: the methods in the order of the recordings.

        `allows` names it where a real shop does more here than this one.
        """
        if self.allows:
            return self.allows
        names = ["GET"] if self.get else []
        names += ["POST"] if self.post else list(_EDIT) if self.edit or self.batch else []
        return ", ".join([*names, "DELETE"] if self.delete else names)


def paged(
    call: Call, rows: list[Record], show: Callable[[Record], Record], *, max_page: int = 100
) -> Reply:
    """One page of a list. A page past the end has a total of 0 (recordings, 16)."""
    size = params.integer(call.args, "per_page", 10, 1, max_page)
    page = params.integer(call.args, "page", 1, 1, 10**9)
    offset = params.integer(call.args, "offset", (page - 1) * size, 0, 10**9)
    wanted = params.words(call.args, "_fields")
    shown = [params.only_fields(show(row), wanted) for row in rows[offset : offset + size]]
    total = len(rows) if shown or page == 1 else 0
    return Reply(shown, total=total)


_NOBODY = {
    "GET": ("cannot_view", "Sorry, you cannot list resources."),
    "ITEM": ("cannot_view", "Sorry, you cannot view this resource."),
    "POST": ("cannot_create", "Sorry, you are not allowed to create resources."),
    "PUT": ("cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("cannot_delete", "Sorry, you are not allowed to delete this resource."),
}


def _forbidden(method: str, route: Route, status: int) -> ShopError:
    kind = {"HEAD": "GET", "PATCH": "PUT"}.get(method, method)
    if kind == "GET" and route.pattern.endswith(">"):
        kind = "ITEM"
    code, message = _NOBODY.get(kind, _NOBODY["GET"])
    return ShopError(f"woocommerce_rest_{code}", message, status)


def read_body(incoming: Request) -> Record:
    """The JSON or form body; ShopError (400) when it is no JSON."""
    raw = incoming.get_data()
    if not raw or incoming.method in ("GET", "HEAD"):
        return {}
    if incoming.mimetype == "application/x-www-form-urlencoded":
        return params.php_arguments(incoming.form.items(multi=True))
    if incoming.mimetype not in ("application/json", "text/json"):
        return {}
    try:
        text, number = raw.decode(), 4
        read = json.loads(text)
    except UnicodeDecodeError:
        number = 5
    except json.JSONDecodeError:
        pass
    else:
        return read if isinstance(read, dict) else {}
    words = {
        4: "Syntax error",
        5: "Malformed UTF-8 characters, possibly incorrectly encoded",
    }
    data = {"status": 400, "json_error_code": number, "json_error_message": words[number]}
    raise ShopError("rest_invalid_json", "Invalid JSON body passed.", 400, data)


class Api:
    """The routes of one shop behind one Flask view."""

    def __init__(self, shop: "DemoShop", routes: list[Route]) -> None:
        self._shop = shop
        self._routes = routes
        self._door = Doorkeeper(shop)

    def answer(self, path: str) -> Response:
        """Answer the current request for a path below /wp-json/."""
        route: Route | None = None
        headers: dict[str, str] = {}
        try:
            user_id = self._door.user_of(request)
            route, ids = self._find(path)
            reply = self._run(route, ids, user_id)
            headers["Allow"] = route.allow if reply.allow is None else reply.allow
        except ShopError as error:
            reply = Reply(
                {"code": error.code, "message": error.message, "data": error.data}, error.status
            )
            reading = request.method in ("GET", "HEAD")
            if error.status == 401 and reading and "permissions" not in error.message:
                headers["Vary"] = "Origin"
            if route and error.status not in (401, 403) and not error.hides_allow:
                headers["Allow"] = route.allow
        return self._dress(reply, headers)

    def _find(self, path: str) -> tuple[Route, dict[str, int | str]]:
        is_ours = path.startswith("wc/v3") and self._shop.has_woocommerce
        below = path.removeprefix("wc/v3").strip("/") if is_ours else None
        for route in self._routes if below is not None else ():
            match = route.regex.fullmatch(below or "")
            known = match and (request.method == "OPTIONS" or route.handler(request.method))
            if match and known:
                ids = {k: int(v) if v.isdigit() else v for k, v in match.groupdict().items()}
                return route, ids
        said = "No route was found matching the URL and request method."
        raise ShopError("rest_no_route", said, 404)

    def _run(self, route: Route, ids: dict[str, int | str], user_id: int | None) -> Reply:
        if request.method == "OPTIONS":
            methods = route.allow.split(", ")
            endpoints = [{"methods": [method], "args": {}} for method in methods]
            return Reply({"namespace": "wc/v3", "methods": methods, "endpoints": endpoints})
        handler = route.handler(request.method)
        if user_id is None or not self._shop.may_manage(user_id):
            raise _forbidden(request.method, route, 401 if user_id is None else 403)
        args = params.php_arguments(request.args.items(multi=True))
        call = Call(self._shop, request.method, ids, args, read_body(request), user_id)
        if handler is None:
            raise ShopError("rest_no_route", "No route was found.", 404)
        reply = handler(call)
        if isinstance(reply.body, dict):
            reply.body = params.only_fields(reply.body, params.words(args, "_fields"))
        return reply

    def _dress(self, reply: Reply, headers: Mapping[str, str]) -> Response:
        base = self._base()
        dressed = {**STANDARD, "Link": f'<{base}/wp-json/>; rel="https://api.w.org/"', **headers}
        if not dressed.get("Allow"):
            dressed.pop("Allow", None)
        if reply.location:
            dressed["Location"] = f"{base}{PREFIX}/{reply.location}"
        if reply.total is not None:
            dressed |= self._pages(reply.total, base)
        text = json.dumps(reply.body, separators=(",", ":"))
        content = "application/json; charset=UTF-8"
        return _Answer(text, reply.status, dressed, content_type=content)

    def _base(self) -> str:
        scheme = "https" if is_https(request, self._shop) else "http"
        return f"{scheme}://{request.host}"

    @staticmethod
    def _pages(total: int, base: str) -> dict[str, str]:
        size = int(request.args.get("per_page", 10))
        page = int(request.args.get("page", 1))
        pages = -(-total // size)
        found = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        # spent OAuth nonces stand in these links, as in the real ones (recordings, 16)
        given = [(k, v) for k, v in request.args.items(multi=True) if k != "page"]
        links = []
        if page > 1:
            links.append((min(page - 1, pages), "prev"))
        if page < pages:
            links.append((page + 1, "next"))
        url = f"{base}{request.path}?"
        shown = [f'<{url}{urlencode([*given, ("page", n)])}>; rel="{rel}"' for n, rel in links]
        return {**found, "Link": ", ".join(shown)} if shown else found
