"""How often the intervals hold the truth, by simulation, beside their nominal 95 %.

Run with ``python -m benchmarks.coverage``. Each row draws many practices whose true
value is known, asks the analysis for its interval and counts how often the truth lies
in it. The last rows break an assumption on purpose: there the share falls, and says by
how much an interval can mislead.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import pandas as pd

from analysis.columns import INDICATIONS
from analysis.ever import product_limit
from analysis.imputation import TooFew, imputed_rate
from analysis.proportions import newcombe_difference, wilson_proportion
from measures.criteria import Criterion
from measures.registry import CRITERIA


CONFIDENCE = 0.95
SEED = 20_261
RUNS = 20_000
CURVE_RUNS = 2_000
IMPUTED_RUNS = 500
PEOPLE_FOR_THE_TRUTH = 1_000_000

RESPONSE = CRITERIA["phq9_response_50"]
REMISSION = CRITERIA["phq9_remission_lt5"]
ASKED = {"eligible_at_least": 10, "as_of_day": 400}
HIGHEST = 27
MISSING_WORSE = 6
"""Points added to the true totals of the missing, where they are not at random."""


@dataclass(frozen=True)
class Row:
    """One interval under one truth."""

    interval: str
    truth: str
    covered: int
    runs: int
    """Runs that had an interval."""
    without: int = 0
    """Runs that had none, such as a curve that is still at 1."""

    @property
    def share(self) -> float:
        return self.covered / self.runs

    @property
    def error(self) -> float:
        """Standard error of the share, as few runs leave it."""
        return sqrt(self.share * (1 - self.share) / self.runs)


def main() -> None:
    """Print a row for every interval and truth."""
    arguments = argparse.ArgumentParser(prog="benchmarks.coverage", description=__doc__)
    arguments.add_argument("--seed", type=int, default=SEED)
    seed = arguments.parse_args().seed
    began = time.perf_counter()
    print(f"seed {seed}; nominal {100 * CONFIDENCE:.0f} %; ± one standard error")
    print(f"{'interval':36} {'truth':56} {'covered':>15} {'runs':>6} {'none':>5}")
    for row in rows(np.random.default_rng(seed)):
        print(
            f"{row.interval:36} {row.truth:56} {100 * row.share:6.1f} ± "
            f"{100 * row.error:3.1f} % {row.runs:6} {row.without:5}",
            flush=True,
        )
    print(f"{time.perf_counter() - began:.0f} seconds")


def rows(random: np.random.Generator) -> Iterator[Row]:
    """Yield every row, in the order printed."""
    for n, share in ((10, 0.3), (23, 0.5), (23, 0.1), (60, 0.54), (400, 0.3)):
        yield wilson(random, n, share)
    for first, second in (
        ((23, 0.5), (40, 0.3)),
        ((10, 0.9), (10, 0.3)),
        ((60, 0.54), (424, 0.72)),
    ):
        yield newcombe(random, first, second)
    for n, day in ((30, 30), (30, 90), (120, 90)):
        yield kaplan_meier(random, n, day)
    for n in (35, 60, 200):
        yield imputed(random, n, World())
    yield imputed(random, 60, World(criterion=REMISSION))
    yield imputed(random, 200, World(spread=skewed))
    yield measured_only(random, 200)
    yield imputed(random, 200, World(worse=MISSING_WORSE))
    yield imputed(random, 200, World(worse=MISSING_WORSE), shift=MISSING_WORSE)


def wilson(random: np.random.Generator, n: int, share: float) -> Row:
    """Return how often a Wilson interval holds a share."""
    seen = Counter(random.binomial(n, share, RUNS).tolist())
    covered = 0
    for events, times in seen.items():
        found = wilson_proportion(events, n, CONFIDENCE)
        covered += times * (found.lower <= share <= found.upper)
    return Row("Wilson", f"{share} of {n}", covered, RUNS)


def newcombe(
    random: np.random.Generator, first: tuple[int, float], second: tuple[int, float]
) -> Row:
    """Return how often a Newcombe interval holds a difference."""
    pairs = zip(
        *(random.binomial(*group, RUNS).tolist() for group in (first, second)),
        strict=True,
    )
    truth, covered = first[1] - second[1], 0
    for (a, b), times in Counter(pairs).items():
        found = newcombe_difference(
            wilson_proportion(a, first[0], CONFIDENCE),
            wilson_proportion(b, second[0], CONFIDENCE),
        )
        covered += times * (found.lower <= truth <= found.upper)
    name = f"{first[1]} of {first[0]} minus {second[1]} of {second[0]}"
    return Row("Newcombe", name, covered, RUNS)


def kaplan_meier(random: np.random.Generator, n: int, day: int) -> Row:
    """Return how often log-log limits hold the share without the event on a day.

    Times are exponential with a mean of 80 days, seen on whole days; each course is
    followed for 20 to 200 days.
    """
    truth, covered, without = exp(-day / 80), 0, 0
    for _ in range(CURVE_RUNS):
        event = np.ceil(random.exponential(80, n))
        end = random.integers(20, 201, n)
        curve = product_limit(np.minimum(event, end), event <= end)
        before = [step for step in curve.steps if step.time <= day]
        if not before or before[-1].lower is None:
            without += 1
        else:
            covered += before[-1].lower <= truth <= before[-1].upper
    name = f"{truth:.2f} without the event on day {day}, {n} courses"
    runs = CURVE_RUNS - without
    return Row("Kaplan-Meier, log-log", name, covered, runs, without)


Spread = Callable[[np.random.Generator, int], np.ndarray]


def normal(random: np.random.Generator, n: int) -> np.ndarray:
    """Return how far totals are from what the earlier scores let expect."""
    return random.normal(0, 4, n)


def skewed(random: np.random.Generator, n: int) -> np.ndarray:
    """Return the same with a long tail upwards; the mean and the spread agree."""
    return random.gamma(2, 4 / sqrt(2), n) - 4 * sqrt(2)


@dataclass(frozen=True)
class World:
    """What is true: what counts, how totals scatter, and who the missing are."""

    criterion: Criterion = RESPONSE
    spread: Spread = normal
    worse: int = 0
    """Points by which the missing are worse than the measured like them."""

    def truth(self, random: np.random.Generator) -> float:
        everybody = people(random, PEOPLE_FOR_THE_TRUTH, self)
        return float(self.met(everybody).mean())

    def met(self, drawn: pd.DataFrame) -> pd.Series:
        return self.criterion.met(drawn["baseline"], drawn["total"])

    def name(self, truth: float, n: int) -> str:
        who = f"{self.worse} points worse" if self.worse else "by last score"
        kind = self.criterion.kind
        return f"{truth:.2f} {kind} of {n}, missing {who}, {self.spread.__name__}"


def imputed(
    random: np.random.Generator, n: int, world: World, *, shift: int = 0
) -> Row:
    """Return how often multiple imputation holds the share that met the criterion.

    About a third of the ``n`` courses have no total. The analysis takes them to be
    ``shift`` points worse.
    """
    truth, covered, without = world.truth(random), 0, 0
    for _ in range(IMPUTED_RUNS):
        found = imputed_rate(
            *frames(people(random, n, world)),
            world.criterion,
            timepoint="weeks_2_4",
            shift=shift,
            confidence=CONFIDENCE,
            **ASKED,
        )
        if isinstance(found, TooFew):
            without += 1
        else:
            covered += found.rate.lower <= truth <= found.rate.upper
    interval = "Multiple imputation" + (f", {shift} points worse" if shift else "")
    runs = IMPUTED_RUNS - without
    return Row(interval, world.name(truth, n), covered, runs, without)


def measured_only(random: np.random.Generator, n: int) -> Row:
    """Return how often Wilson's interval of the measured holds the share of all."""
    world = World()
    truth, covered = world.truth(random), 0
    for _ in range(CURVE_RUNS):
        drawn = people(random, n, world)
        seen = drawn[~drawn["missing"]]
        found = wilson_proportion(int(world.met(seen).sum()), len(seen), CONFIDENCE)
        covered += found.lower <= truth <= found.upper
    return Row("Wilson of the measured", world.name(truth, n), covered, CURVE_RUNS)


def people(random: np.random.Generator, n: int, world: World) -> pd.DataFrame:
    """Return baseline, last score and total; those who do badly are missing more."""
    baseline = np.clip(np.rint(random.normal(18, 4, n)), 10, HIGHEST)
    last = np.clip(np.rint(0.6 * baseline + random.normal(0, 4, n)), 0, HIGHEST)
    missing = random.random(n) < 1 / (1 + np.exp(-(last - 13) / 3))
    total = 1 + 0.1 * baseline + 0.6 * last + world.spread(random, n)
    return pd.DataFrame(
        {
            "baseline": baseline,
            "last": last,
            "total": np.clip(np.rint(total + world.worse * missing), 0, HIGHEST),
            "missing": missing,
        }
    )


def frames(drawn: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the people as started courses and scores, without the missing totals."""
    numbers = np.arange(len(drawn))
    total = drawn["total"].mask(drawn["missing"])
    courses = pd.DataFrame(
        {
            "course_id": numbers,
            "patient_id": numbers.astype("str"),
            "first_day": 0,
            "indication": INDICATIONS[0],
            "clinician": "",
            "infusions": 6,
            "induction_infusions": 6,
            "induction_days": 14,
            "baseline": drawn["baseline"],
            "total": total,
            "score_day": total.where(total.isna(), 35.0),
            "due_day": 46.0,
        }
    )
    scores = pd.DataFrame({"course_id": numbers, "day": 14, "total": drawn["last"]})
    return courses, scores


if __name__ == "__main__":
    main()
