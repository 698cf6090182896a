"""When a course is called "not on track", and what is known of such a sign so early.

A prompt to talk about it and never a rule to stop: no study of it used these measures,
and many who had not yet improved did so later.
"""

from dataclasses import dataclass

from measures.definition import Source
from measures.sources import (
    BIO_K_2023,
    EARLY_COURSE_2020,
    EARLY_SIGNAL_2024,
    PROJECT,
)


@dataclass(frozen=True)
class Evidence:
    """What one study found of people who had improved little at first."""

    sentence: str
    instrument: str
    n: int
    source: Source


@dataclass(frozen=True)
class EarlySignalRule:
    """From which infusion on, and below which fall, a course is not on track."""

    from_infusion: int
    below_fall_percent: int
    sentence: str
    source: Source
    evidence: tuple[Evidence, ...]
    limits: str


NOT_ON_TRACK = EarlySignalRule(
    from_infusion=3,
    below_fall_percent=20,
    sentence=(
        "From infusion 3 to the end of induction: the last total after an infusion is "
        "less than 20 % lower than at baseline, and is no reliable change or worse."
    ),
    source=PROJECT,
    evidence=(
        Evidence(
            "Of people whose QIDS-SR was less than 20 % lower after infusion 1 or 2, "
            "58 % still reached 20 % by infusion 4 (n = 134).",
            "QIDS-SR",
            134,
            EARLY_COURSE_2020,
        ),
        Evidence(
            "Of 40 people who had not responded on the MADRS after infusion 1, 16 were "
            "in remission after infusion 3.",
            "MADRS",
            40,
            BIO_K_2023,
        ),
        Evidence(
            "Less than 20 % improvement on the MADRS at infusion 4 predicted no "
            "response after six infusions (n = 135, sensitivity above 90 %).",
            "MADRS",
            135,
            EARLY_SIGNAL_2024,
        ),
    ),
    limits=(
        "These studies used other measures than the PHQ-9 and the PCL-5, and treated "
        "depression, not PTSD. Some people respond late."
    ),
)
