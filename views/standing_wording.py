"""Where a patient stands, in sentences: now, after each infusion and after induction.

Nothing here draws or reads: results in, words out.
"""

from collections.abc import Iterable, Mapping, Sequence

from analysis.after_induction import (
    LONGER,
    RELAPSE_HERE,
    RESPONSE_LOST,
    SHORTER,
    Boosters,
)
from analysis.expected import FEWEST_PATIENTS, Expected
from analysis.standing import StandingAt
from analysis.status import (
    CANNOT_TELL,
    NO_RELIABLE_CHANGE,
    RELIABLE_CHANGE,
    REMISSION,
    RESPONSE,
    WORSE,
    Status,
)
from analysis.trajectory import Point, Stream, Trajectory
from measures.early_signal import NOT_ON_TRACK
from measures.pcl5 import PCL5
from measures.registry import MEASURES, default_criterion
from measures.relapse import RELAPSE
from measures.timepoints import AFTER_INFUSION_DAYS, LAST_NUMBERED_INFUSION
from views import wording
from views.wording import (
    change_cell,
    day_words,
    days_words,
    percent_words,
    place_words,
    score_words,
    signed,
)


NO_BREAK = "\N{NO-BREAK SPACE}"

SIMILAR = "Similar patients"
"""The column that is there only if one of them has a range."""

LAST_INTERVALS = 6
"""So many intervals between boosters are listed; the median is of all."""

# The now.


def status_sentence(trajectory: Trajectory) -> str:
    """Return where the patient stands on one measure, or why it cannot be told."""
    name = MEASURES[trajectory.measure].name
    status, last = trajectory.status, trajectory.points[-1]
    if status.code == CANNOT_TELL:
        return _untold(name, trajectory)
    return f"{name} {_standing_words(status)}: {_measured(last, trajectory)}."


def _standing_words(status: Status) -> str:
    """Return a status and its rule as what is said of a measure."""
    criterion = status.criterion
    words = {
        REMISSION: f"is in {criterion.name.lower()}",
        RESPONSE: f"is responding (at least {criterion.fall_percent} % lower than at "
        "baseline)",
        RELIABLE_CHANGE: f"shows a reliable change (at least {criterion.points} points "
        "lower than at baseline), short of response",
        NO_RELIABLE_CHANGE: "shows no reliable change (less than "
        f"{criterion.points} points from baseline)",
        WORSE: f"is worse (at least {criterion.points} points higher than at baseline)",
    }
    if status.code == REMISSION and criterion.measure == PCL5.code:
        words[REMISSION] = f"is at {criterion.name} (there is no agreed remission)"
    already = ", as it was at baseline" if status.as_at_baseline else ""
    return words[status.code] + already


def _measured(last: Point, trajectory: Trajectory) -> str:
    return (
        f"{score_words(last.measure, last.total)}{wording.window_words(last)}, on "
        f"{day_words(last.completed_at)}, {place_words(last.place)}; "
        f"{_from_baseline(last, trajectory.current.baseline)}"
    )


def _from_baseline(point: Point, baseline: Point | None) -> str:
    if baseline is None or point.change is None:
        return "there is no baseline to compare with"
    was = f"baseline ({baseline.total})"
    if point.change == 0:
        return f"the same as at {was}"
    noun = "point" if abs(point.change) == 1 else "points"
    higher = "higher" if point.change > 0 else "lower"
    share = percent_words(point.percent).lstrip(f"+{wording.MINUS}")
    share = f" ({share})" if share else ""
    return f"{abs(point.change)} {noun}{share} {higher} than at {was}"


def _untold(name: str, trajectory: Trajectory) -> str:
    why = wording.status_rule(trajectory.status)
    last, told = trajectory.points[-1], trajectory.told
    sentence = (
        f"{name} cannot be told: {why[0].lower()}{why[1:].rstrip('.')}; latest "
        f"{wording.point_score(last)}{wording.window_words(last)}, on "
        f"{day_words(last.completed_at)}, {place_words(last.place)}"
    )
    if told is None:
        return f"{sentence}."
    return (
        f"{sentence}; last told on {day_words(told.completed_at)}: "
        f"{wording.status_word(told.status).lower()}, "
        f"{wording.point_score(told)}{wording.window_words(told)}."
    )


# After each infusion.


def infusion_rows(
    standings: Iterable[StandingAt], expected: Mapping[int, Expected]
) -> list[dict[str, str]]:
    """Return a row per infusion, the latest first."""
    rows = [_infusion_row(standing, expected) for standing in standings]
    if not any(row[SIMILAR] for row in rows):
        for row in rows:
            del row[SIMILAR]
    return rows[::-1]


def _infusion_row(
    standing: StandingAt, expected: Mapping[int, Expected]
) -> dict[str, str]:
    point = standing.point
    row = {
        "Infusion": f"{standing.number}",
        "Form": "none",
        "Days after": "",
        "Total": "",
        "Change": "",
        "Status": wording.status_word(standing.status),
        SIMILAR: _range(standing, expected),
    }
    if point is None:
        return row
    return row | {
        "Form": day_words(point.completed_at).replace(" ", NO_BREAK),
        "Days after": f"{standing.days}",
        "Total": wording.point_score(point),
        "Change": keep_percent(change_cell(point.change, point.percent)),
        "Status": "; ".join((row["Status"], *point.turns)),
    }


def keep_percent(words: str) -> str:
    """Return words in which a number keeps its percent sign on its line."""
    return words.replace(" %", f"{NO_BREAK}%")


def _range(standing: StandingAt, expected: Mapping[int, Expected]) -> str:
    found = expected.get(standing.number)
    if found is None or found.median is None:
        return ""
    return f"{_points(found.median)} ({_span(found)}; n = {found.patients})"


def expected_sentence(
    standing: StandingAt, expected: Mapping[int, Expected], who: str
) -> str:
    """Return what similar patients' scores did by the same infusion.

    Empty where this patient's form is not within a time point after an infusion.

    Parameters
    ----------
    standing
        The last measured one of this patient.
    expected
        By number of the infusion.
    who
        What similar means here, from :func:`similar_words`.
    """
    numbered = standing.number <= LAST_NUMBERED_INFUSION
    if not (numbered and standing.in_time) or standing.point.change is None:
        return ""
    found = expected.get(standing.number)
    patients = found.patients if found else 0
    if found is None or found.median is None:
        return (
            f"Similar patients measured after infusion {standing.number}: {patients}; "
            f"shown from {FEWEST_PATIENTS} on."
        )
    return (
        f"After infusion {standing.number} the change of {patients} similar patients "
        f"was {_points(found.median)} points (median; the middle half {_span(found)}); "
        f"here {signed(standing.point.change)} ({who})."
    )


def similar_words(measure: str, indication: str, baselines: tuple[int, int]) -> str:
    """Return what similar patients have in common."""
    low, high = baselines
    return f"{indication}, {MEASURES[measure].name} {low} to {high} at baseline"


SIMILAR_MEANS = (
    "Similar patients: others of this practice within your reach, in their first "
    "course, for the same indication, with a baseline in the same severity band "
    "(PCL-5: within 10 points), measured on the same recall window up to "
    f"{AFTER_INFUSION_DAYS} days after the infusion. Median, middle half and number of "
    "the changes in points. Who had stopped before is not among them, so it is a "
    "description, not a forecast."
)


def _span(found: Expected) -> str:
    return f"{_points(found.lower)} to {_points(found.upper)}"


def _points(number: float) -> str:
    """Return points with a sign, to one decimal where they are not whole.

    Examples
    --------
    >>> _points(-8.0), _points(-8.25), _points(0.0), _points(1.5)
    ('−8', '−8.2', '0', '+1.5')
    """
    rounded = round(number, 1)
    return f"{rounded:+g}".replace("-", wording.MINUS) if rounded else "0"


# Prompts.


def not_on_track_title(standings: Sequence[StandingAt]) -> str:
    """Return the prompt to talk about a slow start, in one line."""
    told = ", ".join(_since_baseline(standing) for standing in standings)
    return (
        f"To discuss: {told}; less than {NOT_ON_TRACK.below_fall_percent} % lower than "
        "at baseline. Some people respond late."
    )


def _since_baseline(standing: StandingAt) -> str:
    point = standing.point
    change = change_cell(point.change, point.percent)
    return f"{MEASURES[point.measure].name} {change} after infusion {standing.number}"


def not_on_track_lines() -> list[str]:
    """Return the evidence for the prompt and its limits, each with its source."""
    found = [f"{e.sentence} [{e.source.citation}]" for e in NOT_ON_TRACK.evidence]
    return [*found, NOT_ON_TRACK.limits, f"The rule here: {NOT_ON_TRACK.sentence}"]


# After induction.


def since_words(days: int, given: Boosters) -> str:
    """Return how long ago the last infusion was, and how far apart boosters are."""
    last = f"Induction is over; the last infusion was {wording.ago(days)}."
    if not given.infusions:
        return last
    noun = "infusion" if given.infusions == 1 else "infusions"
    return f"{last} {given.infusions} {noun} since{_intervals(given)}."


def _intervals(given: Boosters) -> str:
    first = given.first_after
    words = "" if first is None else f", the first {days_words(first)} after induction"
    if not given.intervals:
        return words
    apart = ", ".join(f"{days}" for days in given.intervals[-LAST_INTERVALS:])
    latest = "the last of them " if len(given.intervals) > LAST_INTERVALS else ""
    usual = f" (median {given.usual:g})" if len(given.intervals) > 1 else ""
    return f"{words}; {latest}{apart} days apart{usual}{_trend(given)}"


def _trend(given: Boosters) -> str:
    words = {SHORTER: "getting shorter", LONGER: "getting longer"}
    return f", {words[given.trend]}" if given.trend else ""


def turn_words(stream: Stream) -> str:
    """Return what was lost after induction and not regained since; or nothing."""
    lost = last_turns(stream)
    if not lost:
        return ""
    told = "; ".join(_turns(point) for point in lost)
    return (
        f"{MEASURES[stream.measure].name}: {told}. Look at the items of that form, at "
        "the events around it and at the days since the infusion before it."
    )


def _turns(point: Point) -> str:
    words = {
        RESPONSE_LOST: RESPONSE_LOST,
        RELAPSE_HERE: f"relapse ({RELAPSE[point.measure].at_least} or more again)",
    }
    what = " and ".join(words[turn] for turn in point.turns)
    return (
        f"{what} on {day_words(point.completed_at)}: "
        f"{score_words(point.measure, point.total)}, {place_words(point.place)}"
    )


def last_turns(stream: Stream) -> list[Point]:
    """Return the forms on which something was lost, since the last response."""
    baseline = stream.baseline
    if baseline is None:
        return []
    response = default_criterion(stream.measure, "response")
    responses = [
        n
        for n, point in enumerate(stream.totals, start=1)
        if response.met(baseline.total, point.total)
    ]
    since = responses[-1] if responses else 0
    return [point for point in stream.totals[since:] if point.turns]


def definitions_after_induction(measure: str) -> list[tuple[str, str]]:
    """Return what loss of response and relapse mean here."""
    response = default_criterion(measure, "response")
    rule = RELAPSE[measure]
    return [
        (
            "Response lost",
            "A total after induction that is no response, where the one before it "
            f"was. {response.sentence} [{response.source.citation}]",
        ),
        (
            "Relapse",
            f"{rule.sentence} No definition is agreed; this is the practice's own, and "
            f"its cut-off is that of the rates. [{rule.source.citation}]",
        ),
    ]


def standings_note(measures: Sequence[str]) -> str:
    """Return how the table of each infusion is read."""
    names = " and ".join(MEASURES[code].name for code in measures)
    return (
        f"{names}: the last complete form after the infusion and before the next one "
        "starts, against the baseline on the same recall window."
    )
