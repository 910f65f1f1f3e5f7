"""What a process of the product makes once, and tests would make a thousand times: kept between
them. None of it says what the product does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy
from argon2 import PasswordHasher
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from werkzeug.routing import Rule

from app.db import engine
from app.usecases import sign_in


def keep_compiled_statements() -> None:
    """Every engine of a kind finds the statements that an earlier one compiled (a sixth of the
    tests' time). SQLAlchemy keeps them for each dialect, so those of a kind count as one."""
    compiled: dict[Any, Any] = {}
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[assignment]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[assignment,method-assign]

    def create_engine(*arguments: Any, **named: Any) -> sqlalchemy.Engine:
        made = sqlalchemy.create_engine(*arguments, **named)
        made.update_execution_options(compiled_cache=compiled)
        return made

    engine.create_engine = create_engine  # type: ignore[attr-defined]


def build_addresses_when_asked() -> None:
    """An application compiles how to build each of its 200 addresses when it is made (an eighth of
    the tests' time); one that a test makes builds a few of them."""
    compile_builder = Rule._compile_builder

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def build(same: Rule, **values: Any) -> Any:
            if not made:
                made.append(compile_builder(rule, append_unknown))
            return made[0](same, **values)

        return build

    Rule._compile_builder = later  # type: ignore[assignment,method-assign]


def hash_passwords_lightly() -> None:
    """What makes passwords hard to guess makes hundreds of tests slow."""
    sign_in._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    sign_in._NOBODY = sign_in._hasher.hash("nobody has this password")
