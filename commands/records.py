"""Commands for what is recorded: make a database, score, import, check the audit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from commands.common import (
    AsJson,
    Database,
    Refused,
    check_listed,
    database_url,
    group,
    one_of,
    opened,
    operator_of,
    reading,
    table,
    tell,
)
from data import database, moments
from data.actors import Actor
from data.audit import first_broken_entry, has_audit_entry, newest_hash
from data.course_scores import rebuild_course_scores
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
from data.exchange.refused import note_refused
from data.patients import INDICATIONS
from data.sites import list_sites
from measures.registry import MEASURES
from measures.scoring import parse_answers
from views import import_wording
from views.as_json import import_json, score_json
from views.score_wording import score_lines


MOST_PROBLEMS_PRINTED = 20

app = group()


@app.command()
def migrate(*, url: Database = None, as_json: AsJson = False) -> None:
    """Make the database, or bring it up to date."""
    database.migrate(database_url(url))
    revision = database.newest_revision()
    tell({"schema": revision}, f"The database is ready, schema {revision}.", as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def score(
    *,
    measure: Annotated[str, typer.Argument(help="phq9 or pcl5.")],
    answers: Annotated[str, typer.Argument(help="As 3,0,1 or 301; - is unanswered.")],
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Score one set of answers; nothing is recorded."""
    asked = one_of(MEASURES, measure, "Measure")
    read = parse_answers(asked, answers)
    tell(score_json(asked, read), "\n".join(score_lines(asked, read)), as_json)


@app.command()
def example(*, url: Database = None, as_json: AsJson = False) -> None:
    """Make the example practice: invented patients in a database of their own."""
    target = url or database.example_url()
    made = not example_is_made(target)
    make_example(target, as_of=moments.today())
    said = "is made" if made else "was there already"
    tell({"made": made}, f"The example practice {said}.", as_json)


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
        check_listed(INDICATIONS, indication, "Indication")
    batch = _batch(files, mapping)
    with opened(url) as engine:
        options = Options(new_patients, indication, _site_id(engine, site))
        if preview or batch.problems:
            done = _look(engine, batch, options)
        else:
            done = _commit(engine, batch, options, operator_of(by))
        if not preview:
            with database.writing(engine, operator_of(by)) as connection:
                note_refused(connection, done.problems)
    imported = not (preview or done.problems)
    tell(import_json(done, imported=imported), _import_text(done, imported), as_json)
    if done.problems:
        raise ImportRefused(done.problems)


@app.command(name="rebuild-scores")
def rebuild_scores(*, url: Database = None, as_json: AsJson = False) -> None:
    """Derive every baseline and score at every time point anew."""
    engine = database.open_database(database_url(url))
    with (
        database.plain_refusals(),
        database.writing(engine, operator_of()) as connection,
    ):
        scores = rebuild_course_scores(connection)
    engine.dispose()
    tell({"scores": scores}, f"{scores:,} scores derived.", as_json)


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
    with reading(url) as connection:
        broken = first_broken_entry(connection)
        newest = newest_hash(connection)
        found = expect is None or has_audit_entry(connection, expect)
    if broken is not None:
        raise Refused(f"Audit entry {broken.id} {broken.what}")
    if not found:
        raise Refused(
            f"The audit has no entry with the seal {expect}; the newest are gone"
        )
    tell(
        {"whole": True, "newest": newest},
        f"The audit is whole. Its newest seal, to keep elsewhere: {newest}",
        as_json,
    )


# Importing.


def _site_id(engine: database.Engine, name: str | None) -> int | None:
    if name is None:
        return None
    with database.reading(engine, operator_of()) as connection:
        sites = {site.name: site.id for site in list_sites(connection)}
    return one_of(sites, name, "Site")


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
    with database.reading(engine, operator_of()) as connection:
        return preview_import(connection, batch, options)


def _commit(
    engine: database.Engine, batch: Batch, options: Options, by: Actor
) -> Preview:
    try:
        with database.writing(engine, by) as connection:
            return commit_import(connection, batch, options)
    except ImportRefused:
        return _look(engine, batch, options)


def _import_text(done: Preview, imported: bool) -> str:
    lines = []
    if done.files:
        rows = import_wording.preview_rows(done)
        lines.append(table(rows, as_typed=True))
        lines += [import_wording.people(done), *import_wording.not_used(done)]
    lines += [problem.sentence for problem in done.notices[:MOST_PROBLEMS_PRINTED]]
    if done.problems:
        rows = import_wording.problem_rows(done.problems[:MOST_PROBLEMS_PRINTED])
        lines.append(table(rows, as_typed=True))
    say = import_wording.done if imported else import_wording.found
    return "\n".join([*lines, say(done)])
