"""Imputed shares of the Beat the Blues trial, beside statsmodels 0.15.0 and mice of R.

Those seen at 2 months (97), of whom 73 were seen at 3: the 24 missing totals are drawn
from a regression on the totals before treatment and at 2 months. The expected numbers
come from this, in an environment of its own::

    d = pd.read_csv("BtheB.csv").dropna(subset=["bdi.2m"]).reset_index(drop=True)
    d = d[["bdi.pre", "bdi.2m", "bdi.3m"]].astype(float)
    d.columns = ["pre", "last", "y"]
    missing = d["y"].isna()

    # 1. Without drawing: the chance of each missing total, rounded, to be a response.
    fit = sm.OLS(d["y"][~missing], sm.add_constant(d[["pre", "last"]][~missing])).fit()
    p = fit.get_prediction(sm.add_constant(d[["pre", "last"]][missing]))
    highest = np.floor(d["pre"][missing] / 2) + 0.5
    chance = t.cdf((highest - p.predicted) / p.se_obs, fit.df_resid)
    ((2 * d["y"] <= d["pre"]).sum() + chance.sum()) / 97

    # 2. A Gaussian model of all three columns, 4,000 draws, every third kept.
    np.random.seed(7)
    bg = BayesGaussMI(d, mean_prior=np.eye(3) * 1e6, cov_prior=np.eye(3) * 1e-3,
                      cov_prior_df=3)

    # 3. Chained equations that hand on the total of one of 5 neighbours, 1,500 draws.
    np.random.seed(7)
    MICEData(d, perturbation_method="gaussian", k_pmm=5)

R 4.2.2 with mice 3.15.0, Bayesian regression, 20,000 draws::

    d <- read.csv("BtheB.csv")
    d <- d[!is.na(d$bdi.2m), c("bdi.pre", "bdi.2m", "bdi.3m")]
    im <- mice(d, m = 20000, maxit = 1, method = c("", "", "norm"), seed = 7)
    p <- sapply(1:20000, function(i) {
      c <- complete(im, i)
      mean(2 * pmin(pmax(round(c$bdi.3m), 0), 63) <= c$bdi.pre)
    })
    mean(p); var(p); (1 + 1 / 20000) * var(p) / mean(p * (1 - p) / 97)
"""

import numpy as np
import pandas as pd
import pytest

from analysis.imputation import draw_totals, pooled_proportion


COEFFICIENTS = (-2.19198381, 0.21744993, 0.75433889)
RESIDUAL_VARIANCE = 50.14621459421421
SHARE_WITHOUT_DRAWING = 0.3704482840074263
SHARE_OF_GAUSSIAN_MODEL = 0.3694
BETWEEN_OF_GAUSSIAN_MODEL = 0.000428
GROWTH_OF_GAUSSIAN_MODEL = 0.1786
SHARE_OF_CHAINED_EQUATIONS = 0.3741
SHARE_OF_MICE, BETWEEN_OF_MICE, GROWTH_OF_MICE = 0.37043918, 0.00043148, 0.17980


@pytest.fixture
def trial(shared_data):
    people = pd.read_csv(shared_data / "BtheB.csv").dropna(subset=["bdi.2m"])
    before = people[["bdi.pre", "bdi.2m"]].to_numpy()
    x = np.column_stack([np.ones(len(people)), before])
    return x, people["bdi.3m"].to_numpy()


def pooled(trial, **asked):
    x, y = trial
    missing = np.isnan(y)
    drawn = draw_totals(x[~missing], y[~missing], x[missing], highest_total=63, **asked)
    responded = np.sum(2 * y[~missing] <= x[~missing, 1])
    events = responded + np.sum(2 * drawn <= x[missing, 1], axis=1)
    return pooled_proportion(events, len(y))


def test_the_trial_is_the_one_that_was_asked(trial):
    _, y = trial
    assert (len(y), int(np.isnan(y).sum())) == (97, 24)


def test_many_draws_come_to_the_chances_worked_out_without_drawing(trial):
    found = pooled(trial, imputations=20_000)
    assert abs(found.estimate - SHARE_WITHOUT_DRAWING) < 4 * found.monte_carlo_error
    assert found.monte_carlo_error < 0.0002


def test_the_usual_number_of_draws_differs_by_no_more_than_it_says(trial):
    found = pooled(trial)
    assert found.imputations == 100
    assert abs(found.estimate - SHARE_WITHOUT_DRAWING) < 3 * found.monte_carlo_error


def test_the_variances_are_those_of_a_gaussian_model_of_the_three_columns(trial):
    found = pooled(trial, imputations=20_000)
    assert found.estimate == pytest.approx(SHARE_OF_GAUSSIAN_MODEL, abs=0.002)
    assert found.between == pytest.approx(BETWEEN_OF_GAUSSIAN_MODEL, rel=0.05)
    assert found.relative_increase == pytest.approx(GROWTH_OF_GAUSSIAN_MODEL, rel=0.05)


def test_the_variances_are_those_of_r_mice(trial):
    found = pooled(trial, imputations=20_000)
    assert found.estimate == pytest.approx(SHARE_OF_MICE, abs=0.002)
    assert found.between == pytest.approx(BETWEEN_OF_MICE, rel=0.05)
    assert found.relative_increase == pytest.approx(GROWTH_OF_MICE, rel=0.05)


def test_chained_equations_with_neighbours_come_close_though_they_draw_otherwise(trial):
    found = pooled(trial, imputations=20_000)
    assert found.estimate == pytest.approx(SHARE_OF_CHAINED_EQUATIONS, abs=0.01)


def test_the_draws_lie_about_the_regression_line(trial):
    """The mean over all draws of each missing total is what statsmodels predicts."""
    x, y = trial
    missing = np.isnan(y)
    # Added points keep every draw away from 0, where it would be held back.
    drawn = draw_totals(
        x[~missing],
        y[~missing] + 1000,
        x[missing],
        highest_total=2000,
        imputations=20_000,
    )
    expected = x[missing] @ COEFFICIENTS + 1000
    sd = np.sqrt(RESIDUAL_VARIANCE)
    assert np.abs(drawn.mean(axis=0) - expected).max() < 5 * sd / np.sqrt(20_000)
    # Drawn residual variance has the mean s² · 70 / 68; rounding adds 1/12.
    leverage = np.sum(
        x[missing] @ np.linalg.inv(x[~missing].T @ x[~missing]) * x[missing], axis=1
    )
    spread = RESIDUAL_VARIANCE * 70 / 68 * (1 + leverage) + 1 / 12
    assert drawn.var(axis=0) == pytest.approx(spread, rel=0.06)


MIWILSON = [
    (
        ((4, 5, 6, 6, 8), 25, 0.98),
        (0.232, 0.602189781021898, 28.3152984389348),
        (0.07134426, 0.54292320),
    ),
    (
        ((2, 2.3, 2.2), 10, 0.90),
        (0.216666666666667, 0.0183474215320097, 6161.29288265307),
        (0.07684304, 0.47892199),
    ),
    (((0, 0, 0), 10, 0.90), (0, 0, np.inf), (0, 0.2129420)),
]


@pytest.mark.parametrize(("asked", "printed", "limits"), MIWILSON)
def test_pooling_gives_what_the_r_package_miwilson_prints(asked, printed, limits):
    """From its README, https://github.com/hungf8342/MIWilson.

    It takes the quantile at the confidence itself, so that its 0.99 is 0.98 here. The
    five counts are the only ones with its mean and its variance within, 0.0070144.
    """
    found = pooled_proportion(*asked)
    estimate, growth, freedom = printed
    assert found.estimate == pytest.approx(estimate, rel=1e-12)
    assert found.relative_increase == pytest.approx(growth, rel=1e-12)
    assert found.degrees_of_freedom == pytest.approx(freedom, rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx(limits, abs=1e-7)
