"""Commands for snapshots: save a rate for good, list those that were, open one."""

from typing import Annotated

import typer

from commands.common import (
    AsJson,
    Database,
    Refused,
    group,
    reading,
    table,
    takes,
    tell,
    unescaped,
    writing,
)
from commands.questions import Courses, OneRate, check_clinician
from data.snapshots import SnapshotHead, list_snapshots
from views.as_json import plain
from views.results.counts import snapshots as counts
from views.results.counts.recut import Practice
from views.results.wording import snapshots as wording
from views.results.wording.outcomes import no_rate


app = group("Save a rate as it is counted today, and see later what changed.")


@app.command(name="list")
def listed(*, url: Database = None, as_json: AsJson = False) -> None:
    """List every snapshot, the newest first."""
    with reading(url) as connection:
        saved = list_snapshots(connection)
    lines = []
    if saved.kept:
        lines.append(table(wording.list_rows(saved.kept)))
    if saved.changed:
        lines.append(wording.changed_afterwards(saved.changed))
    told = {"kept": [_head(one) for one in saved.kept], "changed": saved.changed}
    tell(told, "\n".join(lines) or "There is no snapshot yet.", as_json)


@app.command()
@takes(rate=OneRate, courses=Courses)
def save(
    *,
    rate: OneRate,
    courses: Courses,
    note: Annotated[str, typer.Option(help="What it is for; no names.")] = "",
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Keep a rate with its question and every course behind it, sealed."""
    rule, timepoint, window = rate.rule(), rate.asked_timepoint(), rate.window()
    selection = courses.selection()
    with writing(url) as connection:
        check_clinician(connection, courses.clinician)
        practice = Practice(connection, selection)
        snapshot_id = counts.save(
            practice, rule, timepoint, recall_window=window, note=note
        )
        found = counts.open_snapshot(connection, snapshot_id)
        if not found.then.rate.started:
            raise Refused(f"Nothing to save. {no_rate(found.then.rate)}")
    said = f"Snapshot {snapshot_id} is saved. Its seal: {found.saved.hash}"
    tell({"id": snapshot_id, "hash": found.saved.hash}, said, as_json)


@app.command()
def show(
    *,
    number: Annotated[int, typer.Argument(help="As list gives it.")],
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Open a snapshot: as counted then, and as the same question comes out now."""
    with reading(url) as connection:
        found = counts.open_snapshot(connection, number)
    lines = [
        wording.choice(found.saved),
        wording.verdict(found),
        unescaped(wording.asked_of(found)),
        table(wording.rate_rows(found)),
        f"Seal: {found.saved.hash}",
    ]
    told = {
        **_head(found.saved),
        "again": plain(found.again),
        "today": plain(found.today),
        "unknown": found.unknown,
    }
    tell(told, "\n".join(lines), as_json)


def _head(saved: SnapshotHead) -> dict[str, object]:
    told = plain(saved)
    told.pop("rows", None)
    return told
