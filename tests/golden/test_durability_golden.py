"""Survival classics through the way that a course takes to its curve.

Expected: the README beside the data, and two programs that agree to the last digit.
R 4.2.2 with survival 3.5-3::

    k <- survfit(Surv(d[[time]], d[[event]]) ~ 1, conf.type = "log-log")
    quantile(k, 0.5)
    summary(k, times = days, extend = TRUE)[c("n.risk", "surv", "lower", "upper")]

and lifelines 0.30.3 (numpy 2.4.6, pandas 2.3.3)::

    k = KaplanMeierFitter(alpha=0.05).fit(rows[time], rows[event])
    k.survival_function_, k.event_table["at_risk"]
    k.confidence_interval_survival_function_
    k.median_survival_time_
    median_survival_times(k.confidence_interval_survival_function_)
"""

import pandas as pd
import pytest

from analysis.durability import durability, median_interval, risk_table
from measures.durability import LOSS_RULES
from measures.registry import CRITERIA
from tests.follow_up_tables import frames


RESPONSE, NO_RESPONSE = 8, 15

# data, time, event, group | median, between | day: at risk, estimate, lower, upper
CURVES = [
    (
        ("gehan", "time", "cens", "treat", "6-MP"),
        (23, 13, None),
        {
            5: (21, 1.0, None, None),
            10: (15, 0.752941, 0.5032, 0.889362),
            20: (8, 0.627451, 0.367511, 0.804912),
            23: (6, 0.448179, 0.188052, 0.680143),
            30: (4, 0.448179, 0.188052, 0.680143),
        },
    ),
    (
        ("gehan", "time", "cens", "treat", "control"),
        (8, 4, 11),
        {
            5: (14, 0.571429, 0.337977, 0.749241),
            8: (12, 0.380952, 0.183067, 0.577789),
            15: (4, 0.142857, 0.035657, 0.321162),
            22: (2, 0.047619, 0.003324, 0.197045),
        },
    ),
    (
        ("aml", "time", "status", "x", "Maintained"),
        (31, 13, None),
        {
            9: (11, 0.909091, 0.50808, 0.986674),
            20: (7, 0.715909, 0.35019, 0.899024),
            31: (5, 0.490909, 0.167331, 0.7534),
            48: (2, 0.184091, 0.011738, 0.525015),
            150: (1, 0.184091, 0.011738, 0.525015),
        },
    ),
    (
        ("aml", "time", "status", "x", "Nonmaintained"),
        (23, 5, 33),
        {
            9: (8, 0.666667, 0.337019, 0.859712),
            20: (6, 0.583333, 0.270139, 0.80094),
            31: (3, 0.291667, 0.072402, 0.560886),
            # lifelines prints limits of 0 and 0 here, R none; there are none.
            45: (1, 0.0, None, None),
        },
    ),
    (
        ("waltons", "T", "E", "group", "control"),
        (58, 56, 60),
        {
            20: (126, 0.984435, 0.939199, 0.996085),
            40: (122, 0.953183, 0.898761, 0.978691),
            56: (85, 0.528455, 0.438181, 0.610791),
            60: (63, 0.378595, 0.294699, 0.462022),
        },
    ),
    (
        ("waltons", "T", "E", "group", "miR-137"),
        (26, 19, 29),
        {
            10: (30, 0.882353, 0.716269, 0.954139),
            26: (18, 0.382353, 0.223283, 0.539837),
            40: (4, 0.117647, 0.037243, 0.248594),
            60: (2, 0.058824, 0.010527, 0.171579),
        },
    ),
    (
        ("waltons", "T", "E", None, None),
        (56, 53, 58),
        {
            20: (148, 0.91365, 0.858549, 0.94793),
            40: (126, 0.777837, 0.705674, 0.834379),
            56: (87, 0.429903, 0.352689, 0.50468),
            60: (65, 0.311524, 0.241659, 0.383759),
        },
    ),
]


def curve_of(path, time, event, group, value):
    """Return the curve of courses whose one later form is on that day."""
    rows = pd.read_csv(path)
    if group:
        rows = rows[rows[group] == value]
    drawn = [
        (number, 20, (0, RESPONSE), [(int(day), NO_RESPONSE if seen else RESPONSE)], [])
        for number, (day, seen) in enumerate(
            zip(rows[time], rows[event], strict=True), start=1
        )
    ]
    return durability(
        *frames(drawn),
        LOSS_RULES["phq9_response_lost"],
        criterion=CRITERIA["phq9_response_50"],
        eligible_at_least=10,
        as_of_day=1000,
    ).seen


@pytest.mark.parametrize(("data", "median", "days"), CURVES)
def test_a_curve_is_the_one_of_r_and_lifelines(shared_data, data, median, days):
    name, *columns = data
    curve = curve_of(shared_data / f"km_{name}.csv", *columns)
    assert (curve.median, *median_interval(curve)) == median
    assert {
        row.day: (
            row.at_risk,
            *(
                number if number is None else pytest.approx(number, abs=1e-6)
                for number in (row.step.estimate, row.step.lower, row.step.upper)
            ),
        )
        for row in risk_table(curve, days)
    } == days
