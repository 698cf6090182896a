"""Commands for the published figures, and the practice beside one."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from analysis.comparison import OUTCOMES
from commands.common import AsJson, Database, group, one_of, table, takes, tell
from commands.questions import Courses, chosen_practice
from data.published import load_catalogue
from views.as_json import comparison_json, figure_json, plain
from views.results.counts.beside import could_tell
from views.results.counts.recut import compare_figure
from views.results.wording import beside as wording
from views.results.wording import published as published_wording
from views.results.wording.power import power_sentences


app = group()


@app.command()
def published(*, url: Database = None, as_json: AsJson = False) -> None:
    """List the published figures."""
    figures = load_catalogue().figures
    rows = published_wording.catalogue_rows(figures)
    coded = [{"ID": f.code} | row for f, row in zip(figures, rows, strict=True)]
    shown = ("ID", "Tier", "Scale", "Response", "Remission")
    tell([figure_json(f) for f in figures], table(coded, shown), as_json)


@app.command()
@takes(courses=Courses)
def compare(
    *,
    figure: Annotated[str, typer.Option(help="ID, as published lists it.")],
    courses: Courses,
    url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Set the practice beside one published figure, counted the figure's way."""
    known = {f.code: f for f in load_catalogue().figures}
    chosen = one_of(known, figure, "Figure")
    with chosen_practice(url, courses) as practice:
        results = [compare_figure(practice, chosen, what) for what in OUTCOMES]
    lines = [
        f"{r.outcome}: {wording.sentence(r)}{_power(r)} {wording.caveats(r)}".rstrip()
        for r in results
    ]
    lines += [chosen.sentence, *_not_matched(results)]
    told = [comparison_json(r) | {"power": plain(could_tell(r))} for r in results]
    tell(told, "\n".join(lines), as_json)


def _power(result: Any) -> str:
    told = could_tell(result)
    if told is None:
        return ""
    of_whom = wording.of_whom(result.figure)
    return f" {power_sentences(told, result.published.percent, of_whom)}"


def _not_matched(results: Sequence[Any]) -> list[str]:
    """Return what is said beside every number, once."""
    told = [r for r in results if not getattr(r, "reason", "")]
    unmatched = [sentence for r in told for sentence in r.unmatched]
    return list(dict.fromkeys([*unmatched, *(r.caution for r in told)]))
