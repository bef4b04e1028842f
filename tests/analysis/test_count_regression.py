import numpy as np
import pandas as pd
import patsy
import pytest
import statsmodels.api as sm
from scipy import stats

from labtools.analysis.count_regression import (
    check_overdispersion,
    explained_rates,
    fit_counts,
)
from labtools.errors import AnalysisError


def columns_of(table, words):
    """One column for each covariate; words become zero and one."""
    told = {"(Intercept)": pd.Series(1.0, table.index)}
    for name, (column, word) in words.items():
        told[name] = (table[column] == word).astype(float) if word else table[column].astype(float)
    return pd.DataFrame(told)


@pytest.fixture
def trips(oracle):
    table = oracle("recreation_demand.csv")
    plain = ("quality", "income", "costC", "costS", "costH")
    words = {"ski": ("ski", "yes"), "userfee": ("userfee", "yes")}
    return table["trips"], columns_of(table, words | {name: (name, "") for name in plain})


def poisson_mean(events, covariates):
    family = sm.families.Poisson()
    fit = sm.GLM(events.to_numpy(float), covariates.to_numpy(float), family=family).fit()
    return pd.Series(fit.mu, events.index)


def test_the_regression_of_days_absent_is_that_of_mass(reference, oracle):
    expected, table = reference("negative_binomial_quine.json"), oracle("quine.csv")
    near = expected["tolerance"]
    words = {"EthN": ("Eth", "N"), "SexM": ("Sex", "M"), "LrnSL": ("Lrn", "SL")}
    words |= {f"AgeF{k}": ("Age", f"F{k}") for k in (1, 2, 3)}

    found = fit_counts(table["Days"], columns_of(table, words))

    assert found.size == pytest.approx(expected["size"], rel=near["size"])
    assert found.size_error == pytest.approx(expected["size_error"], rel=near["error"])
    assert found.log_likelihood == pytest.approx(
        expected["log_likelihood"], abs=near["log_likelihood"]
    )
    told = found.table
    assert told["coefficient"].to_dict() == pytest.approx(
        expected["coefficients"], rel=near["coefficient"]
    )
    assert told["error"].to_dict() == pytest.approx(expected["errors"], rel=near["error"])


def test_with_all_interactions_the_size_is_that_of_venables_and_ripley(reference, oracle):
    expected, table = reference("negative_binomial_quine.json"), oracle("quine.csv")
    cells = patsy.dmatrix("Eth * Sex * Age * Lrn", table, return_type="dataframe")
    # Two of the cells have nobody: their columns say nothing that others do not.
    kept = [k for k in range(cells.shape[1]) if rank(cells, k + 1) > rank(cells, k)]

    found = fit_counts(table["Days"], cells.iloc[:, kept])

    assert found.size == pytest.approx(expected["size_all_interactions"], rel=1e-3)
    assert found.log_likelihood == pytest.approx(
        expected["log_likelihood_all_interactions"], abs=1e-3
    )


def test_risks_explained_by_agriculture_are_those_of_spatialepi(reference, oracle):
    expected, districts = reference("gamma_poisson_scotland.json"), oracle("scotland_lip.csv")
    told, near = expected["with_agriculture"], {"rel": expected["relative_tolerance"]}
    columns = columns_of(districts, {"AFF": ("AFF", "")})
    cases = districts["cases"].astype(float)

    fit = fit_counts(cases, columns, exposure=districts["expected"])
    found = explained_rates(cases, columns, districts["expected"])

    assert fit.size == pytest.approx(told["size"], **near)
    assert fit.table["coefficient"].to_list() == pytest.approx(told["coefficients"], **near)
    assert found["rate"].to_list() == pytest.approx(told["relative_risks"], **near)
    assert (found["lower"] < found["rate"]).all()
    assert (found["rate"] < found["upper"]).all()


def rank(table, columns):
    return np.linalg.matrix_rank(table.iloc[:, :columns].to_numpy()) if columns else 0


def test_the_tests_of_overdispersion_are_those_of_aer(reference, trips):
    expected = reference("overdispersion_recreation.json")
    events, covariates = trips
    near = {"rel": expected["relative_tolerance"]}

    linear = check_overdispersion(events, poisson_mean(events, covariates))
    squared = check_overdispersion(events, poisson_mean(events, covariates), quadratic=True)

    assert (linear.z, linear.p_value, linear.dispersion) == pytest.approx(
        (expected["nb1_z"], expected["nb1_p"], expected["dispersion"]), **near
    )
    assert (squared.z, squared.p_value, squared.dispersion) == pytest.approx(
        (expected["nb2_z"], expected["nb2_p"], expected["nb2_alpha"]), **near
    )
    poisson = stats.poisson.logpmf(events, poisson_mean(events, covariates)).sum()
    assert poisson == pytest.approx(expected["pois_loglik"], **near)
    fitted = fit_counts(events, covariates)
    coefficients = fitted.table["coefficient"].rename({"ski": "skiyes", "userfee": "userfeeyes"})
    assert coefficients.to_dict() == pytest.approx(expected["nb_coefficients"], **near)
    assert (fitted.size, fitted.log_likelihood) == pytest.approx(
        (expected["nb_theta"], expected["nb_loglik"]), **near
    )


def test_poisson_counts_are_seldom_called_overdispersed():
    rng = np.random.default_rng(1)
    mean = pd.Series(rng.gamma(3, 2, 200))

    called = [
        check_overdispersion(pd.Series(rng.poisson(mean)), mean).p_value < 0.05 for _ in range(300)
    ]

    # Three standard errors of 300 tests at 5 % are 3.8 points.
    assert np.mean(called) < 0.09


def test_the_exposure_multiplies_the_mean():
    rng = np.random.default_rng(2)
    people = pd.Series(rng.lognormal(5, 0.5, 300))
    events = pd.Series(rng.poisson(people * 0.02 * rng.gamma(4, 0.25, 300)))

    found = fit_counts(events, pd.DataFrame({"one": np.ones(300)}), exposure=people).table

    assert found.loc["one", "lower"] < 0.02 < found.loc["one", "upper"]


def test_rows_with_gaps_or_too_few_are_refused():
    one = pd.DataFrame({"one": [1.0, 1.0]})

    with pytest.raises(AnalysisError, match="2 rows for 1 coefficients"):
        fit_counts(pd.Series([1.0, np.nan]), one)
    with pytest.raises(AnalysisError, match="1 rows for 1 coefficients"):
        fit_counts(pd.Series([1.0]), one.iloc[:1])
