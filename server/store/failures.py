"""Whatever can go wrong with the store, as a sentence for its operator."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from server.errors import StoreFailed

Explanation = tuple[str, str]
"""What is wrong, after the store's name and without a full stop; and what to do."""


@contextmanager
def told_as_store_failed(name: str, explain: Callable[[Exception], Explanation]) -> Iterator[None]:
    """Turn what goes wrong inside into StoreFailed, whose text holds the store's name but neither SQL nor a value."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, ValueError, OverflowError) as failure:
        what, remedy = explain(failure)
        raise StoreFailed(f"The store {name} {what}.", remedy) from failure


def explained_by_type(
    cause: BaseException, explanations: Sequence[tuple[type[Exception], Explanation]]
) -> Explanation | None:
    """Return the first explanation whose type fits."""
    return next((explanation for kind, explanation in explanations if isinstance(cause, kind)), None)
