"""The driver's errors as SQLAlchemy tells them, for what does not go through SQLAlchemy."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


class ToldBySqlalchemy:
    """Around what is asked of the driver itself."""

    __slots__ = ("connection", "text")

    def __init__(self, connection: Connection, text: str) -> None:
        self.connection = connection
        self.text = text

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            tell(error, self.connection, self.text)


def tell(error: BaseException, connection: Connection, text: str) -> None:
    """Raise SQLAlchemy's error for one of the driver; nothing for any other."""
    dialect = connection.dialect
    base = dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return
    is_lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if is_lost:
        connection.invalidate(error)
    raise DBAPIError.instance(
        text, None, error, base, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
    ) from error
