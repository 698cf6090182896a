"""How often the interval of a share holds the truth if patients have several records.

Run with ``python -m benchmarks.clustered_coverage``. Each row draws many practices
whose patients differ by a known amount, and counts how often the true share lies in the
interval of ``analysis.occurrences``, and in the plain Wilson interval beside it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.occurrences import clustered_proportion
from analysis.proportions import wilson_proportion


SEED = 20_262
RUNS = 1_000
FEWEST_RECORDS, MOST_RECORDS = 2, 12
"""Of a patient, each number as likely as the other."""

PATIENTS = (6, 12, 20, 40, 100)
SHARES = (0.05, 0.2)
LIKENESS = (0.02, 0.1, 0.4)
"""Correlation of two records of one patient."""


@dataclass(frozen=True)
class Row:
    """One truth, and how often each interval held it."""

    patients: int
    share: float
    likeness: float
    clustered: float
    plain: float


def rows(runs: int, seed: int) -> Iterator[Row]:
    random = np.random.default_rng(seed)
    for patients in PATIENTS:
        for share in SHARES:
            for likeness in LIKENESS:
                held = [_held(random, patients, share, likeness) for _ in range(runs)]
                clustered, plain = np.mean(held, axis=0).tolist()
                yield Row(patients, share, likeness, clustered, plain)


def _held(
    random: np.random.Generator, patients: int, share: float, likeness: float
) -> tuple[bool, bool]:
    own = (1 - likeness) / likeness
    shares = random.beta(share * own, (1 - share) * own, patients)
    sizes = random.integers(FEWEST_RECORDS, MOST_RECORDS + 1, patients)
    owner = np.repeat(np.arange(patients), sizes)
    happened = random.random(owner.size) < shares[owner]
    clustered = clustered_proportion(happened, owner)
    plain = wilson_proportion(int(happened.sum()), owner.size)
    return (
        clustered.lower <= share <= clustered.upper,
        plain.lower <= share <= plain.upper,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    print(f"Nominal 95 %; {asked.runs} runs a row, seed {asked.seed}")
    print("patients  share  likeness  by patient  plain Wilson")
    for row in rows(asked.runs, asked.seed):
        print(
            f"{row.patients:8}  {row.share:5.2f}  {row.likeness:8.2f}"
            f"  {row.clustered:10.3f}  {row.plain:12.3f}"
        )


if __name__ == "__main__":
    main()
