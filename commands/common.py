"""What the commands share: how they refuse, open the database and say a result."""

import getpass
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from data import database
from data.actors import Actor, operator
from data.course_scores import rebuild_if_outdated
from data.errors import DatabaseError, RecordError
from data.published import CatalogueError
from measures.scoring import UnscorableAnswers
from views.as_json import plain


REFUSED = 2


class Refused(ValueError):
    """A question that cannot be answered; the message says what is allowed."""


class Commands(TyperGroup):
    """The commands; every refusal is one plain line on standard error."""

    def main(self, args: Sequence[str] | None = None, **settings: Any) -> None:
        """Run a command and exit."""
        given = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(
                args=given or ["--help"], **settings | {"standalone_mode": False}
            )
        except (
            typer.TyperException,
            CatalogueError,
            DatabaseError,
            RecordError,
            Refused,
            UnscorableAnswers,
        ) as error:
            message = getattr(error, "format_message", error.__str__)()
            print(" ".join(message.split()), file=sys.stderr)
            code = REFUSED
        sys.exit(code or 0)


def group(help_text: str = "") -> typer.Typer:
    """Return a group of commands without colour, so that every terminal can read it."""
    return typer.Typer(
        cls=Commands,
        help=help_text,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, exact to the unit.")]
Database = Annotated[
    str | None,
    typer.Option("--database", help="URL; without, DATABASE_URL or the user's own."),
]


def takes(**groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take dataclasses, whose fields become its options.

    Parameters
    ----------
    groups
        By the name of the command's argument.
    """

    def joined(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            p for p in signature(command).parameters.values() if p.name not in groups
        ]
        options = [o for kind in groups.values() for o in _options(kind)]

        def run(**given: Any) -> None:
            made = {
                name: kind(**{f.name: given.pop(f.name) for f in fields(kind)})
                for name, kind in groups.items()
            }
            command(**made, **given)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        parameters = [*options, *own]
        run.__signature__ = Signature(parameters)
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return joined


def _options(kind: type) -> Iterator[Parameter]:
    for field in fields(kind):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=default,
            annotation=field.type,
        )


# The database.


def database_url(url: str | None) -> str:
    """Return the database that was named, or the usual one."""
    return url or database.default_url()


@contextmanager
def opened(url: str | None) -> Iterator[database.Engine]:
    """Yield the database, its scores following the present definitions."""
    engine = database.open_database(database_url(url))
    try:
        with database.plain_refusals():
            with database.writing(engine, operator_of()) as connection:
                rebuild_if_outdated(connection)
            yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(url: str | None) -> Iterator[database.Connection]:
    """Yield a connection that reads, all of one moment."""
    with opened(url) as engine, database.reading(engine, operator_of()) as connection:
        yield connection


@contextmanager
def writing(url: str | None) -> Iterator[database.Connection]:
    """Yield a connection that writes, all or nothing."""
    with opened(url) as engine, database.writing(engine, operator_of()) as connection:
        yield connection


def operator_of(name: str | None = None) -> Actor:
    """Return whom the audit names: who runs the command, or the name given."""
    return operator(name or getpass.getuser())


# What is allowed.


def one_of(known: dict[str, Any], code: str, what: str) -> Any:
    """Return what a code stands for, or refuse with the codes that are known."""
    check_listed(list(known), code, what)
    return known[code]


def check_listed(allowed: Sequence[str], code: str, what: str) -> None:
    """Refuse a code that is not among those allowed."""
    if code not in allowed:
        raise Refused(f"{what} {code!r} is not known; allowed: {', '.join(allowed)}")


# Saying it.


def tell(result: Any, text: str, as_json: bool) -> None:
    """Print a result, as JSON where that was asked for."""
    print(json.dumps(plain(result), indent=2) if as_json else text)


def unescaped(text: str) -> str:
    r"""Return text as it was typed, without what `views.wording.escape` put into it.

    Examples
    --------
    >>> print(unescaped(r"A\_B \\C"))
    A_B \C
    """
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text)


def table(
    rows: Sequence[dict[str, Any]],
    columns: Sequence[str] | None = None,
    *,
    as_typed: bool = False,
) -> str:
    """Return some columns of a table, each as wide as its widest text.

    Parameters
    ----------
    rows
        At least one where ``columns`` are not given; then all of the first are shown.
    columns
        Their names, in order.
    as_typed
        Whether cells hold what somebody typed as it is; the wording of results
        escapes it.
    """
    names = list(columns or rows[0])
    read = str if as_typed else lambda cell: unescaped(str(cell))
    texts = [names] + [[_one_line(read(row[name])) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )


def _one_line(text: str) -> str:
    # What a page breaks into lines stands on one line here.
    return " ".join(text.split())
