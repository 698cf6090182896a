"""What charts over a course have in common: colours, rows above each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


# Mid-tones: at least 3.9:1 on the white and on the dark background.
ACCENT = "#1b8a99"
NOTICE = "#b0671a"
NEUTRAL = "#7a8288"
SHADE = "rgba(128, 132, 136, {:.2f})"
TINT = "rgba(27, 138, 153, {:.2f})"

# One shape and one dash per recall window of a measure, in the measure's order.
SYMBOLS = ("circle", "square", "diamond")
DASHES = ("solid", "dash", "dot")

STRIP_PIXELS = 28
GAP_PIXELS = 8
MARGIN = {"l": 66, "r": 98, "t": 6, "b": 44}
SMALL = {"size": 12}

# 9:1 on every background, where the theme's own is too faint over a tinted area.
HOVER_LABEL = {
    "bgcolor": "#0b4f58",
    "bordercolor": "#0b4f58",
    "font": {"color": "#ffffff", "size": 13},
    "align": "left",
}

# A click on one point leaves the others as they are.
UNFADED = {"marker": {"opacity": 1}, "textfont": {"color": NEUTRAL}}


@dataclass(frozen=True)
class Row:
    """One of several plots above each other: its axis, and where it lies."""

    axis: str
    bottom: float
    top: float

    @property
    def key(self) -> str:
        """The name of its axis in a layout."""
        return self.axis.replace("y", "yaxis")


def stack(names: Sequence[tuple[str, int]]) -> tuple[int, dict[str, Row]]:
    """Put rows from top to bottom and return the height and where each lies.

    Parameters
    ----------
    names
        Name and height in pixels of each row.
    """
    plot = sum(pixels for _, pixels in names) + GAP_PIXELS * (len(names) - 1)
    tops = [0, *accumulate(pixels + GAP_PIXELS for _, pixels in names)]
    rows = {
        name: Row(
            axis="y" if number == 0 else f"y{number + 1}",
            bottom=max(0.0, 1 - (tops[number] + pixels) / plot),
            top=1 - tops[number] / plot,
        )
        for number, (name, pixels) in enumerate(names)
    }
    return plot + MARGIN["t"] + MARGIN["b"], rows


def strip_axis(row: Row, name: str) -> dict:
    """Return the axis of a narrow row of marks."""
    return {
        "domain": [row.bottom, row.top],
        "range": [0, 1],
        "fixedrange": True,
        "tickvals": [0.5],
        "ticktext": [name],
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
    }


def base_layout(height: int, across: dict, *, legend: bool) -> dict:
    """Return the layout of rows that share one axis.

    Parameters
    ----------
    height
        In pixels, without a legend.
    across
        The shared axis.
    legend
        Whether there is one below.
    """
    return {
        "height": height + (STRIP_PIXELS if legend else 0),
        "margin": MARGIN | ({"b": MARGIN["b"] + STRIP_PIXELS} if legend else {}),
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container"},
        "hovermode": "closest",
        "hoverlabel": HOVER_LABEL,
        "dragmode": "zoom",
        "shapes": [],
        "annotations": [],
        "xaxis": across,
    }


def path_shape(path: str, yref: str, line: dict) -> dict:
    """Return many lines as one shape, behind everything."""
    return {
        "type": "path",
        "path": path,
        "xref": "x",
        "yref": yref,
        "line": line,
        "layer": "below",
    }
