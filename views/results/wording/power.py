"""What a practice of this size could tell from a published rate, in words."""

from analysis.power import Alike, Beside, Power
from views.results.wording.numbers import (
    as_printed,
    percent,
    percent_range,
    whole,
)


HOW_ALIKE = (
    "Looks the same: the practice's rates whose 95 % interval of the difference from "
    "the published rate (Newcombe) includes no difference, with as many measured as "
    "there are. Where the published n was not seen, the rates whose own 95 % interval "
    "(Wilson) includes the published one."
)


def power_sentences(beside: Beside, printed: float, of_whom: str) -> str:
    """Return which rates this practice could and could not tell from the published.

    Parameters
    ----------
    beside
        The practice's rate beside the published one.
    printed
        The published percentage as it was printed.
    of_whom
        What those are whom the practice counts, as in "measured".
    """
    could = beside.power
    return " ".join(
        (
            _would_look_the_same(could, printed, of_whom),
            _where_it_lies(beside),
            _would_be_told(could),
        )
    )


def alike_range(alike: Alike) -> str:
    """Return the rates that would look the same, for a table."""
    if alike.fewest == alike.most:
        return percent(alike.lowest)
    return f"{percent_range(alike.lowest, alike.highest)} %"


def _would_look_the_same(could: Power, printed: float, of_whom: str) -> str:
    alike = could.alike
    rates = (
        f"only {percent(alike.lowest)}"
        if alike.fewest == alike.most
        else f"anything from {whole(alike.lowest)} to {percent(alike.highest)}"
    )
    n = f"{could.n} {of_whom}"
    return f"With {n}, {rates} would look the same as {as_printed(printed)}."


def _would_be_told(could: Power) -> str:
    chance = percent(could.detectable.power)
    below, above = could.detectable.below, could.detectable.above
    if below is None and above is None:
        return "No true rate would be told apart from the published one."
    ends = [
        f"{word} {percent(rate)}"
        for word, rate in (("under", below), ("over", above))
        if rate is not None
    ]
    said = (
        f"A true rate {' or '.join(ends)} would be told apart from the published one "
        f"{chance} of the time."
    )
    if could.published_n is not None:
        return said
    return (
        f"{said} Of how many the published rate is was not seen; here it is taken to "
        "be exact, so it is told apart more easily than it should be."
    )


def _where_it_lies(beside: Beside) -> str:
    share = beside.practice
    found = f"The practice's {percent(share.estimate)} is"
    if beside.told_apart:
        return f"{found} not among them."
    return f"{found} among them, which does not show that the two are the same."
