"""Command for the report of results: a file to hand to a board, payer or journal."""

from pathlib import Path
from typing import Annotated

import typer

from commands.common import (
    AsJson,
    Database,
    Refused,
    database_url,
    group,
    operator_of,
    takes,
    tell,
    writing,
)
from commands.questions import Courses, OneRate, chosen_practice
from data.audit import EXPORT, note
from data.database import example_url
from data.moments import now_at_practice
from data.settings import read_settings
from views.report_facts import Printed
from views.results.report_pdf import results_pdf


app = group()


@app.command()
@takes(rate=OneRate, courses=Courses)
def report(
    *,
    to: Annotated[Path, typer.Option(help="The PDF to write; it must not exist.")],
    rate: OneRate,
    courses: Courses,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of a rate as PDF; small numbers are hidden in it."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    with chosen_practice(url, courses) as practice:
        printed = Printed(
            by=operator_of().name,
            at=now_at_practice(),
            practice=read_settings(practice.connection).practice_name,
            is_example=database_url(url) == example_url(),
        )
        content = results_pdf(practice, rule, timepoint, printed, recall_window=window)
    _hand_out(to, content, url)
    told = {"file": str(to), "bytes": len(content)}
    tell(told, f"The report is in {to}.", as_json)


def _hand_out(path: Path, content: bytes, url: str | None) -> None:
    """Write a new file; that it was taken out is noted before it holds anything."""
    try:
        with path.open("xb") as file:
            with writing(url) as connection:
                note(connection, EXPORT, "results report.pdf")
            file.write(content)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
