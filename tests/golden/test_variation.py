"""Control limits that others printed.

The figures are those of ``../shared/real-data/README.md``.
"""

import pytest

from analysis.control_charts import xmr_chart
from analysis.funnel import ratio_limits


# In print with the rounded constant 2.66 and every moving range in the mean: 3 / 1.128
# would give -3.01088 and 3.294123, and no moving range is large enough to be left out.
XMR_VALUES = [
    -0.5604756466,
    -0.2301774895,
    1.5587083141,
    0.0705083914,
    0.1292877352,
    1.7150649869,
    0.4609162060,
    -1.2650612346,
    -0.6868528519,
    -0.4456619701,
    1.2240817974,
    0.3598138271,
    0.4007714506,
    0.1106827159,
    -0.5558411348,
    1.7869131368,
    0.4978504782,
    -1.9666171566,
    0.7013559016,
    -0.4727914077,
]


def test_xmr_limits_are_the_printed_ones():
    chart = xmr_chart(XMR_VALUES, [str(n) for n in range(1, 21)])
    assert round(chart.centre, 7) == 0.1416238
    assert round(chart.points[0].lower, 5) == -3.01138
    assert round(chart.points[0].upper, 6) == 3.294627
    assert chart.signals == ()


# Printed for a standardised ratio. These are exact Poisson limits of a count that
# came out as expected (chi-squared quantiles over twice the expected count).
@pytest.mark.parametrize(
    ("expected", "lower", "upper"),
    [
        (15, 0.5596924, 1.649348),
        (20, 0.6108260, 1.544419),
        (30, 0.6746958, 1.427562),
    ],
)
def test_funnel_limits_of_a_ratio_are_the_printed_ones(expected, lower, upper):
    low, high = ratio_limits([expected], 0.95)
    assert round(low[0], 7) == lower
    assert round(high[0], 6) == upper
