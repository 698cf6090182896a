"""Commands for quality measures, safety, and how well the record is kept."""

from typing import Annotated

import typer

from analysis.safety import ZERO_IS_NOT_NO_RISK
from commands.common import (
    AsJson,
    Database,
    Refused,
    group,
    one_of,
    reading,
    table,
    takes,
    tell,
)
from commands.questions import (
    AtOneTime,
    Courses,
    OneMeasure,
    as_of_day,
    check_year,
    chosen_practice,
    stretch,
)
from data import moments
from measures.days import day_number
from measures.quality_measures import QUALITY_MEASURES, Period, calendar_year
from views.results.counts import data_quality as data_quality_counts
from views.results.counts import quality as quality_counts
from views.results.counts import safety as safety_counts
from views.results.counts.recut import Practice, Selection
from views.results.wording import data_quality as data_quality_wording
from views.results.wording import quality as quality_wording
from views.results.wording import safety as safety_wording


app = group()


@app.command()
def quality(
    *,
    measure: Annotated[
        str | None, typer.Option(help="Code; without, every quality measure.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Calendar year; without, the last that is over.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First day of a period of your own.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Its last day.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Only what had happened by this day.")
    ] = None,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Count the quality measures as their owners define them."""
    selection = Selection(as_of_day=as_of_day(as_of))
    chosen = dict(QUALITY_MEASURES)
    if measure is not None:
        chosen = {measure: one_of(QUALITY_MEASURES, measure, "Quality measure")}
    asked = _asked_period(year, since, until)
    with reading(url) as connection:
        practice = Practice(connection, selection)
        period = asked or calendar_year(_usual_year(practice))
        found = {
            code: quality_counts.quality(practice, one, period).result
            for code, one in chosen.items()
        }
    lines = [
        table(quality_wording.overview_rows(found)),
        *(quality_wording.headline(result) for result in found.values() if measure),
    ]
    tell(found, "\n".join(lines), as_json)


@app.command()
@takes(asked=OneMeasure, courses=Courses)
def safety(
    *,
    asked: OneMeasure,
    courses: Courses,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say what item 9, alerts, infusions and later scores show of safety."""
    measure, window = asked.asked_measure(), asked.window()
    with chosen_practice(url, courses) as practice:
        records = safety_counts.safety_records(
            practice, measure.code, recall_window=window
        )
        found = safety_counts.safety(records)
    lines = (
        safety_wording.headline(found),
        safety_wording.item_9_sentence(found),
        ZERO_IS_NOT_NO_RISK,
        safety_wording.resolution_sentence(found.resolution),
        safety_wording.alerts_sentence(found.alerts),
        safety_wording.infusions_sentence(found),
        safety_wording.pressure_sentence(found),
        safety_wording.worse_sentence(found),
    )
    tell(found, "\n".join(lines), as_json)


@app.command(name="data-quality")
@takes(asked=AtOneTime, courses=Courses)
def data_quality(
    *, asked: AtOneTime, courses: Courses, url: Database = None, as_json: AsJson = False
) -> None:
    """Say how well the record is kept: forms due and done, late, corrected, absent."""
    measure, window = asked.asked_measure(), asked.window()
    timepoint = asked.asked_timepoint()
    timepoints = tuple(dict.fromkeys((*data_quality_counts.FOLLOWED, timepoint)))
    with chosen_practice(url, courses) as practice:
        found = data_quality_counts.data_quality(
            data_quality_counts.quality_records(
                practice, measure.code, recall_window=window, timepoints=timepoints
            )
        )
    lines = (
        data_quality_wording.headline(found, timepoint),
        table(data_quality_wording.due_rows(found.due)),
        data_quality_wording.forms_sentence(found.forms, measure.code),
        data_quality_wording.infusions_sentence(found, measure.code),
        data_quality_wording.places_sentence(found.places),
        data_quality_wording.protocol_sentence(found.protocol),
        data_quality_wording.imports_sentence(found.imports),
    )
    tell(found, "\n".join(lines), as_json)


def _asked_period(
    year: int | None, since: str | None, until: str | None
) -> Period | None:
    """Return the period that was asked for, or refuse it; None without one."""
    first, last = stretch(since, until)
    if year is not None:
        if first or last:
            raise Refused("--year is one period, --from and --until another")
        check_year(year, f"--year {year}")
        return calendar_year(year)
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise Refused("A period of your own needs both --from and --until")
    return Period(day_number(first), day_number(last))


def _usual_year(practice: Practice) -> int:
    known = quality_counts.years(practice) or [moments.today().year]
    return quality_counts.usual_year(known, practice.selection.as_of_day)
