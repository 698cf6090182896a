"""The same product without a browser: ``python manage.py --help``.

Exit code 0, or 2 with one plain line on standard error.
"""

import getpass
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from access.settings import DoorSettings
from analysis.columns import INDICATIONS as COURSE_INDICATIONS
from analysis.comparison import OUTCOMES
from data import database, moments
from data.accounts import (
    INVITATION_HOURS,
    add_account,
    disable_account,
    list_accounts,
)
from data.accounts import invite as invite_account
from data.actors import Actor, operator
from data.audit import first_broken_entry, has_audit_entry, newest_hash
from data.course_scores import rebuild_course_scores, rebuild_if_outdated
from data.errors import DatabaseError, RecordError
from data.example_practice import example_is_made, make_example
from data.exchange.importing import (
    Batch,
    Options,
    Preview,
    commit_import,
    preview_import,
    read_files,
)
from data.exchange.mapping import NO_MAPPING, read_mapping
from data.exchange.problems import ImportRefused
from data.exchange.reading import SourceFile
from data.patients import INDICATIONS, list_clinicians
from data.published import CatalogueError, load_catalogue
from data.sites import list_sites
from measures.criteria import Criterion
from measures.days import day_number
from measures.definition import Measure
from measures.registry import (
    CRITERIA,
    MEASURES,
    TIMEPOINTS,
    criteria_of,
    default_criterion,
)
from measures.scoring import UnscorableAnswers, parse_answers
from measures.timepoints import DEFAULT_TIMEPOINT
from views import import_wording
from views.as_json import (
    account_json,
    comparison_json,
    figure_json,
    import_json,
    rate_json,
    score_json,
)
from views.results.counts.recut import Practice, Selection, compare_figure, outcome
from views.results.wording import outcomes as outcome_wording
from views.results.wording import published as published_wording
from views.score_wording import score_lines


REFUSED = 2
LOCAL_ADDRESS = "http://127.0.0.1:8501"
ACCOUNT_COLUMNS = ("login", "name", "roles", "sites", "second_factor", "disabled")
MOST_PROBLEMS_PRINTED = 20


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


app = typer.Typer(
    cls=Commands,
    help="Outcomes of ketamine infusions, without a browser.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Database = Annotated[
    str | None,
    typer.Option("--database", help="URL; without, DATABASE_URL or the user's own."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Only what had happened by this day, YYYY-MM-DD."),
]
AllCourses = Annotated[
    bool, typer.Option("--all-courses", help="Every course, not each patient's first.")
]
Indication = Annotated[str | None, typer.Option(help="Only courses with this one.")]
Clinician = Annotated[str | None, typer.Option(help="Only this clinician's courses.")]


@app.command()
def migrate(*, url: Database = None, as_json: AsJson = False) -> None:
    """Make the database, or bring it up to date."""
    database.migrate(_url(url))
    revision = database.newest_revision()
    _tell({"schema": revision}, f"The database is ready, schema {revision}.", as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def score(
    *,
    measure: Annotated[str, typer.Argument(help="phq9 or pcl5.")],
    answers: Annotated[str, typer.Argument(help="As 3,0,1 or 301; - is unanswered.")],
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Score one set of answers; nothing is recorded."""
    asked = _one_of(MEASURES, measure, "Measure")
    read = parse_answers(asked, answers)
    _tell(score_json(asked, read), "\n".join(score_lines(asked, read)), as_json)


@app.command()
def example(*, url: Database = None, as_json: AsJson = False) -> None:
    """Make the example practice: invented patients in a database of their own."""
    target = url or database.example_url()
    made = not example_is_made(target)
    make_example(target, as_of=moments.today())
    said = "is made" if made else "was there already"
    _tell({"made": made}, f"The example practice {said}.", as_json)


@app.command(name="import")
def import_files(
    *,
    files: Annotated[list[Path], typer.Argument(help="CSV files.")],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML: what columns mean.")
    ] = None,
    new_patients: Annotated[
        bool, typer.Option("--new-patients", help="Add patients not yet known.")
    ] = False,
    indication: Annotated[str | None, typer.Option(help="Of new patients.")] = None,
    site: Annotated[str | None, typer.Option(help="Name, of new patients.")] = None,
    by: Annotated[str | None, typer.Option(help="Who imports.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only look.")] = False,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Import infusions and forms, all of them or nothing."""
    if indication is not None:
        _listed(INDICATIONS, indication, "Indication")
    batch = _batch(files, mapping)
    with _opened(url) as engine:
        options = Options(new_patients, indication, _site_id(engine, site))
        if preview or batch.problems:
            done = _look(engine, batch, options)
        else:
            done = _commit(engine, batch, options, _operator(by))
    imported = not (preview or done.problems)
    _tell(import_json(done, imported=imported), _import_text(done, imported), as_json)
    if done.problems:
        raise ImportRefused(done.problems)


@app.command()
def outcomes(
    *,
    measure: Annotated[str, typer.Option(help="phq9 or pcl5.")] = "phq9",
    criterion: Annotated[
        str | None, typer.Option(help="Code; without, the measure's response.")
    ] = None,
    timepoint: Annotated[str, typer.Option(help="Code.")] = DEFAULT_TIMEPOINT.code,
    recall_window: Annotated[
        str | None, typer.Option(help="Code; without, the measure's own.")
    ] = None,
    as_of: AsOf = None,
    all_courses: AllCourses = False,
    indication: Indication = None,
    clinician: Clinician = None,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say how many courses met a criterion at a time point, and how sure that is."""
    asked = _one_of(MEASURES, measure, "Measure")
    rule = _criterion(asked, criterion)
    _one_of(TIMEPOINTS, timepoint, "Time point")
    window = recall_window or asked.default_recall_window.code
    _listed([w.code for w in asked.recall_windows], window, f"{asked.name} window")
    selection = _selection(as_of, all_courses, indication, clinician)
    with _opened(url) as engine, database.reading(engine, _operator()) as connection:
        _check_clinician(connection, clinician)
        practice = Practice(connection, selection)
        rate = outcome(practice, rule, timepoint, recall_window=window)
    table = _table(outcome_wording.definitions(rate), ("Number", "Value"))
    lines = (outcome_wording.headline(rate), outcome_wording.completeness(rate), table)
    _tell(rate_json(rate), "\n".join(lines), as_json)


@app.command()
def published(*, url: Database = None, as_json: AsJson = False) -> None:
    """List the published figures."""
    figures = load_catalogue().figures
    rows = published_wording.catalogue_rows(figures)
    coded = [{"ID": f.code} | row for f, row in zip(figures, rows, strict=True)]
    shown = ("ID", "Tier", "Scale", "Response", "Remission")
    _tell([figure_json(f) for f in figures], _table(coded, shown), as_json)


@app.command()
def compare(
    *,
    figure: Annotated[str, typer.Option(help="ID, as published lists it.")],
    as_of: AsOf = None,
    all_courses: AllCourses = False,
    indication: Indication = None,
    clinician: Clinician = None,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Set the practice beside one published figure, counted the figure's way."""
    known = {f.code: f for f in load_catalogue().figures}
    chosen = _one_of(known, figure, "Figure")
    selection = _selection(as_of, all_courses, indication, clinician)
    with _opened(url) as engine, database.reading(engine, _operator()) as connection:
        _check_clinician(connection, clinician)
        practice = Practice(connection, selection)
        results = [compare_figure(practice, chosen, what) for what in OUTCOMES]
    lines = [f"{r.outcome}: {published_wording.sentence(r)}" for r in results]
    lines += [chosen.sentence, *_not_matched(results)]
    _tell([comparison_json(r) for r in results], "\n".join(lines), as_json)


@app.command(name="rebuild-scores")
def rebuild_scores(*, url: Database = None, as_json: AsJson = False) -> None:
    """Derive every baseline and score at every time point anew."""
    engine = database.open_database(_url(url))
    with database.plain_refusals(), database.writing(engine, _operator()) as connection:
        scores = rebuild_course_scores(connection)
    engine.dispose()
    _tell({"scores": scores}, f"{scores:,} scores derived.", as_json)


@app.command(name="verify-audit")
def verify_audit(
    *,
    expect: Annotated[
        str | None, typer.Option(help="A seal kept elsewhere; must be in the chain.")
    ] = None,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Look for an audit entry that was changed, removed or moved."""
    with _opened(url) as engine, database.reading(engine, _operator()) as connection:
        broken = first_broken_entry(connection)
        newest = newest_hash(connection)
        found = expect is None or has_audit_entry(connection, expect)
    if broken is not None:
        raise Refused(f"Audit entry {broken.id} {broken.what}")
    if not found:
        raise Refused(
            f"The audit has no entry with the seal {expect}; the newest are gone"
        )
    _tell(
        {"whole": True, "newest": newest},
        f"The audit is whole. Its newest seal, to keep elsewhere: {newest}",
        as_json,
    )


@app.command()
def accounts(*, url: Database = None, as_json: AsJson = False) -> None:
    """List who may sign in, and as what."""
    with _opened(url) as engine, database.reading(engine, _operator()) as connection:
        names = {site.id: site.name for site in list_sites(connection)}
        rows = [account_json(one, names) for one in list_accounts(connection)]
    shown = [{key: _words(value) for key, value in row.items()} for row in rows]
    columns = tuple(ACCOUNT_COLUMNS)
    _tell(rows, _table(shown, columns) if rows else "There is no account yet.", as_json)


@app.command()
def invite(
    *,
    login: Annotated[str, typer.Argument(help="Of a new account, or one to reset.")],
    name: Annotated[str | None, typer.Option(help="Of a new account.")] = None,
    role: Annotated[
        list[str], typer.Option(help="clinician, lead, administrator.")
    ] = (),
    site: Annotated[
        list[str], typer.Option(help="Name; may be repeated. Without, the only one.")
    ] = (),
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print a one-time link with which somebody sets a new password."""
    with _opened(url) as engine, database.writing(engine, _operator()) as connection:
        account_id = _account_id(connection, login)
        if account_id is None:
            account_id = add_account(
                connection,
                login=login,
                name=name or login,
                roles=role,
                sites=_sites(connection, site),
            )
        token = invite_account(connection, account_id)
    address = DoorSettings.from_environment().public_url or LOCAL_ADDRESS
    link = f"{address}/welcome?token={token}"
    said = f"Valid once, for {INVITATION_HOURS} hours:\n{link}"
    _tell({"account": account_id, "link": link}, said, as_json)


@app.command()
def disable(
    *,
    login: Annotated[str, typer.Argument(help="Of the account.")],
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Let nobody in by an account any more, and end its sessions at once."""
    with _opened(url) as engine, database.writing(engine, _operator()) as connection:
        account_id = _account_id(connection, login)
        if account_id is None:
            raise Refused(f"There is no account {login!r}")
        disable_account(connection, account_id)
    _tell({"disabled": account_id}, f"Account {login} is disabled.", as_json)


# Reading what was asked.


def _url(url: str | None) -> str:
    return url or database.default_url()


@contextmanager
def _opened(url: str | None) -> Iterator[database.Engine]:
    """Yield the database, its scores following the present definitions."""
    engine = database.open_database(_url(url))
    try:
        with database.plain_refusals():
            with database.writing(engine, _operator()) as connection:
                rebuild_if_outdated(connection)
            yield engine
    finally:
        engine.dispose()


def _operator(name: str | None = None) -> Actor:
    """Return whom the audit names: who runs the command, or the name given."""
    return operator(name or getpass.getuser())


def _site_id(engine: database.Engine, name: str | None) -> int | None:
    if name is None:
        return None
    with database.reading(engine, _operator()) as connection:
        sites = {site.name: site.id for site in list_sites(connection)}
    return _one_of(sites, name, "Site")


def _account_id(connection: database.Connection, login: str) -> int | None:
    wanted = login.strip().casefold()
    known = {one.login: one.id for one in list_accounts(connection)}
    return known.get(wanted)


def _sites(connection: database.Connection, names: Sequence[str]) -> list[int]:
    sites = {one.name: one.id for one in list_sites(connection)}
    chosen = names or (list(sites) if len(sites) == 1 else ())
    return [_one_of(sites, name, "Site") for name in chosen]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "yes", False: "no"}.get(value, str(value))


def _one_of(known: dict[str, Any], code: str, what: str) -> Any:
    _listed(list(known), code, what)
    return known[code]


def _listed(allowed: Sequence[str], code: str, what: str) -> None:
    if code not in allowed:
        raise Refused(f"{what} {code!r} is not known; allowed: {', '.join(allowed)}")


def _criterion(measure: Measure, code: str | None) -> Criterion:
    if code is None:
        return default_criterion(measure.code, "response")
    allowed = [criterion.code for criterion in criteria_of(measure.code)]
    if code in CRITERIA and code not in allowed:
        other = MEASURES[CRITERIA[code].measure].name
        raise Refused(
            f"Criterion {code!r} belongs to the {other}, not to the {measure.name}; "
            f"allowed: {', '.join(allowed)}"
        )
    _listed(allowed, code, "Criterion")
    return CRITERIA[code]


def _selection(
    as_of: str | None, all_courses: bool, indication: str | None, clinician: str | None
) -> Selection:
    if indication is not None:
        _listed(COURSE_INDICATIONS, indication, "Indication")
    return Selection(
        as_of_day=day_number(_as_of(as_of)),
        indication=indication,
        clinician=clinician,
        all_courses=all_courses,
    )


def _check_clinician(connection: database.Connection, name: str | None) -> None:
    if name is not None and name not in list_clinicians(connection):
        raise Refused(
            f"Clinician {name!r} has no course here; allowed: a name as it was recorded"
        )


def _as_of(text: str | None) -> date:
    today = moments.today()
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"--as-of {text!r} is not a date; allowed: YYYY-MM-DD") from None
    if day > today:
        raise Refused(f"--as-of {day} is in the future; allowed: until {today}")
    return day


# Importing.


def _batch(files: Sequence[Path], mapping: Path | None) -> Batch:
    declared = NO_MAPPING
    if mapping is not None:
        declared = read_mapping(_content(mapping), mapping.name)
    return read_files([SourceFile(f.name, _content(f)) for f in files], declared)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error


def _look(engine: database.Engine, batch: Batch, options: Options) -> Preview:
    with database.reading(engine, _operator()) as connection:
        return preview_import(connection, batch, options)


def _commit(
    engine: database.Engine, batch: Batch, options: Options, by: Actor
) -> Preview:
    try:
        with database.writing(engine, by) as connection:
            return commit_import(connection, batch, options)
    except ImportRefused:
        return _look(engine, batch, options)


# Saying it.


def _tell(result: Any, text: str, as_json: bool) -> None:
    print(json.dumps(result, indent=2) if as_json else text)


def _import_text(done: Preview, imported: bool) -> str:
    lines = []
    if done.files:
        rows = import_wording.preview_rows(done)
        lines.append(_table(rows, tuple(rows[0])))
        lines += [import_wording.people(done), *import_wording.not_used(done)]
    lines += [problem.sentence for problem in done.notices[:MOST_PROBLEMS_PRINTED]]
    if done.problems:
        rows = import_wording.problem_rows(done.problems[:MOST_PROBLEMS_PRINTED])
        lines.append(_table(rows, tuple(rows[0])))
    say = import_wording.done if imported else import_wording.found
    return "\n".join([*lines, say(done)])


def _not_matched(results: Sequence[Any]) -> list[str]:
    """Return what is said beside every number, once."""
    told = [r for r in results if not getattr(r, "reason", "")]
    unmatched = [sentence for r in told for sentence in r.unmatched]
    return list(dict.fromkeys([*unmatched, *(r.caution for r in told)]))


def _table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return some columns of a table, each as wide as its widest text."""
    texts = [list(columns)] + [[str(row[c]) for c in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )


if __name__ == "__main__":
    # A terminal that cannot show a sign shows another, not a traceback.
    sys.stdout.reconfigure(errors="replace")
    app()
