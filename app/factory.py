"""Builds the Flask application from its parts."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from app.logs import configure_logging
from app.services import Services
from app.settings import Settings, load_settings
from app.web import (
    account,
    actions,
    api,
    audit,
    books,
    carriers,
    coupons,
    customer,
    documents,
    health,
    help_desks,
    integrations,
    people,
    problems,
    safety,
    search,
    session,
    setup,
    shop,
    sidebar,
    staff,
    texts,
    waiting,
    webhooks,
)
from app.web.ids import bound_ids
from app.web.state import STATE, WebState

PAGES = (
    account,
    actions,
    audit,
    books,
    coupons,
    customer,
    documents,
    health,
    help_desks,
    integrations,
    people,
    search,
    session,
    setup,
    shop,
    sidebar,
    staff,
    waiting,
)
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The application. Tests hand in their own settings or services; else both are read here.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    services = services or Services(settings or load_settings())
    configure_logging(services.settings.log_level)
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder="web/static")
    app.config.update(
        SECRET_KEY=services.settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=webhooks.LARGEST_BODY,
        SESSION_COOKIE_NAME="kikubari",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=services.settings.own_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our Referrer-Policy takes away
    )
    bound_ids(app)
    app.jinja_env.undefined = StrictUndefined
    _trust_proxies(app, services.settings)
    state = app.extensions[STATE] = WebState(services)
    safety.protect(app)
    texts.speak(app)
    problems.speak_calmly(app)
    session.allow_sign_in(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, {"/webhooks": create_intake(state), "/api": create_api(state)}
    )
    return app


def create_intake(state: WebState) -> Flask:
    """The application behind `/webhooks`: only what a delivery needs, so that accepting one costs
    little. It has no session, no cookies, no pages."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = webhooks.LARGEST_BODY
    app.extensions[STATE] = state
    safety.protect_answers(app)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(carriers.blueprint)
    return app


def create_api(state: WebState) -> Flask:
    """The application behind `/api`: tokens open it, and nothing that a browser carries. It has no
    session, no cookies, no forms, so that no request can be forged."""
    app = Flask(__name__, static_folder=None)
    bound_ids(app)
    app.config["MAX_CONTENT_LENGTH"] = api.LARGEST_BODY
    app.extensions[STATE] = state
    _trust_proxies(app, state.services.settings)
    safety.protect_answers(app)
    api.open_door(app)
    return app


def _trust_proxies(app: Flask, settings: Settings) -> None:
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
