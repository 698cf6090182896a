"""Many rows into one table at once, near the speed of the driver itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert

from data.exchange.chunks import chunks


ROWS_AT_ONCE = 10_000

# Values by position, as each driver writes their places.
_PLACES = {"sqlite": "qmark", "postgresql": "format"}


def insert_many(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Iterator[tuple[Any, ...]],
) -> Iterator[int]:
    """Insert rows of plain values and yield how many were, part by part.

    The SQL is SQLAlchemy's, compiled once; the values go to the driver as they are,
    which takes half as long as a dictionary a row. A value that a column converts
    (a datetime) has to go through `stored` first.

    Parameters
    ----------
    connection
        The caller's transaction.
    table
        Where to.
    names
        Columns of the values, in the table's own order.
    rows
        One tuple of values for each row.
    """
    dialect = type(connection.dialect)(paramstyle=_PLACES[connection.dialect.name])
    statement = insert(table).compile(dialect=dialect, column_keys=list(names))
    assert statement.positiontup == list(names), (statement.positiontup, names)
    for some in chunks(rows, ROWS_AT_ONCE):
        connection.exec_driver_sql(str(statement), some)
        yield len(some)


def stored(connection: Connection, table: Table, name: str, value: datetime) -> Any:
    """Return a value as the driver is to be given it for this column."""
    kind = table.c[name].type.dialect_impl(connection.dialect)
    convert = kind.bind_processor(connection.dialect)
    return convert(value) if convert else value
