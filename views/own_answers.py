"""A patient's own answers in plain words and one plain drawing per questionnaire.

Results in, words and figures out; nothing of Streamlit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analysis.trajectory import Infusion, Point, Stream, Trajectory
from measures.definition import Measure
from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.registry import MEASURES
from views.wording import day_words


ABOUT = {
    PHQ9.code: "How often you were bothered by low mood and related problems",
    PCL5.code: "How much you were bothered after a very stressful experience",
}
"""What a measure asks about, in a patient's words, after its own question."""

NOTHING_YET = "There are no complete answers to show yet."
IN_CLOSING = (
    "These numbers are only a part of the picture. What you notice yourself counts as "
    "much. If anything here worries you, please say so now."
)

ACCENT = "#1b8a99"
NEUTRAL = "#7a8288"
LETTERS = {"size": 18}


@dataclass(frozen=True)
class OwnAnswers:
    """One questionnaire as its patient is shown it.

    Parameters
    ----------
    title
        What it asks about.
    explained
        What the numbers are, and which way is better.
    said
        The first and the latest number, and what lies between.
    left_out
        What is not drawn, and why.
    points
        What is drawn, in order of time.
    highest
        The highest number there can be.
    """

    title: str
    explained: str
    said: list[str]
    left_out: list[str]
    points: tuple[Point, ...]
    highest: int


def own_answers(trajectory: Trajectory) -> OwnAnswers:
    """Return one questionnaire as its patient is shown it.

    Only forms that asked about the same stretch of time as the last one are drawn and
    compared; how many others there are is said.
    """
    measure = MEASURES[trajectory.measure]
    stream = trajectory.current
    window = measure.recall_window(stream.recall_window).name
    return OwnAnswers(
        title=ABOUT[measure.code],
        explained=(
            f"Each time you answered {measure.item_count} questions about the "
            f"{window}. Your answers add up to a number from 0 to "
            f"{measure.highest_total}. Lower is better."
        ),
        said=list(_said(stream)) or [NOTHING_YET],
        left_out=[*_incomplete(stream), *_other_windows(measure, trajectory)],
        points=stream.totals,
        highest=measure.highest_total,
    )


def since_words(infusions: Sequence[Infusion]) -> str:
    """Return since when a course goes on, in a patient's words."""
    if not infusions:
        return "There has been no infusion yet"
    return f"Your first infusion was on {day_words(infusions[0].facts.started_at)}"


def _said(stream: Stream) -> Iterator[str]:
    if not stream.totals:
        return
    latest, baseline = stream.totals[-1], stream.baseline
    if baseline is not None and baseline is not latest:
        day = day_words(baseline.completed_at)
        yield f"Before your first infusion, on {day}: **{baseline.total}**."
    change = "" if latest.change is None else _change(latest.change)
    day = day_words(latest.completed_at)
    yield f"Most recently, on {day}: **{latest.total}**.{change}"


def _change(change: int) -> str:
    if change == 0:
        return " That is the same as before your first infusion."
    points = "1 point" if abs(change) == 1 else f"{abs(change)} points"
    way = "lower" if change < 0 else "higher"
    return f" That is {points} {way} than before your first infusion."


def _incomplete(stream: Stream) -> Iterator[str]:
    days = [day_words(p.completed_at) for p in stream.points if p.total is None]
    if days:
        yield (f"Not drawn, because some questions had no answer: {', '.join(days)}.")


def _other_windows(measure: Measure, trajectory: Trajectory) -> Iterator[str]:
    for stream in trajectory.streams:
        if stream == trajectory.current:
            continue
        count = len(stream.points)
        forms = "1 time" if count == 1 else f"{count} times"
        name = measure.recall_window(stream.recall_window).name
        yield f"Not drawn, because it asked about the {name} instead: {forms}."


def own_alt(shown: OwnAnswers) -> str:
    """Return what a drawing shows to somebody who does not see it."""
    said = " ".join(shown.said).replace("*", "")
    return (
        f"{shown.title}, over time, from 0 to {shown.highest}; lower is better. {said}"
    )


def own_figure(shown: OwnAnswers, infusions: Sequence[Infusion]) -> dict:
    """Return a drawing for somebody who sees such a one for the first time.

    Parameters
    ----------
    shown
        With at least one point.
    infusions
        Of the same course; each is an upright line.
    """
    moments = [point.completed_at.replace(tzinfo=None) for point in shown.points]
    given = [infusion.facts.started_at.replace(tzinfo=None) for infusion in infusions]
    first, last = min(moments + given), max(moments + given)
    room = max(last - first, timedelta(days=7)) * 0.06
    return {
        "data": [_line(shown, moments)],
        "layout": {
            "height": 310,
            "margin": {"l": 150, "r": 24, "t": 36, "b": 48},
            "showlegend": False,
            "dragmode": False,
            "xaxis": {
                "type": "date",
                "range": [_iso(first - room), _iso(last + room)],
                "showgrid": False,
                "nticks": 6,
                "tickformat": "%-d %b\n%Y",
                "tickfont": LETTERS,
                "title": {"text": ""},
            },
            "yaxis": _axis(shown.highest),
            "shapes": [_upright(moment) for moment in given],
            "annotations": [_infusion_words(given[0])] if given else [],
        },
    }


def _line(shown: OwnAnswers, moments: Sequence[datetime]) -> dict:
    totals = [point.total for point in shown.points]
    last = len(totals) - 1
    written = {n for n, p in enumerate(shown.points) if p.is_baseline or n == last}
    return {
        "type": "scatter",
        "mode": "lines+markers+text",
        "x": [_iso(moment) for moment in moments],
        "y": totals,
        "text": [f"<b>{t}</b>" if n in written else "" for n, t in enumerate(totals)],
        "textposition": "top center",
        "textfont": {"size": 22},
        "line": {"color": ACCENT, "width": 4},
        "marker": {"color": ACCENT, "size": 12},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _axis(highest: int) -> dict:
    return {
        "range": [-0.04 * highest, 1.1 * highest],
        "fixedrange": True,
        "tickvals": [0, highest],
        "ticktext": ["↓ better  0", f"↑ harder  {highest}"],
        "tickfont": LETTERS,
        "zeroline": False,
        "gridcolor": "rgba(128, 132, 136, 0.35)",
        "title": {"text": ""},
    }


def _upright(moment: datetime) -> dict:
    return {
        "type": "line",
        "x0": _iso(moment),
        "x1": _iso(moment),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"},
        "layer": "below",
    }


def _infusion_words(first: datetime) -> dict:
    return {
        "text": "dotted: infusions",
        "showarrow": False,
        "x": _iso(first),
        "xanchor": "left",
        "yref": "paper",
        "y": 1,
        "yanchor": "bottom",
        "font": {"size": 16},
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
