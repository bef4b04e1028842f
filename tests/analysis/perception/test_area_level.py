import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.area_estimates import AreaEstimates, benchmark
from labtools.analysis.perception.area_level import fay_herriot, spatial_fay_herriot
from labtools.errors import AnalysisError


@pytest.fixture(scope="module")
def milk(oracle):
    return oracle("milk.csv").set_index("SmallArea")


def ring(n):
    steps = np.eye(n, k=1) + np.eye(n, k=-1) + np.eye(n, k=n - 1) + np.eye(n, k=1 - n)
    return steps / 2


@pytest.mark.parametrize("method", ["reml", "ml", "fh"])
def test_milk_by_area_is_that_of_r_sae(milk, reference, method):
    expected = reference("fay_herriot_milk.json")[method]
    regions = pd.get_dummies(milk["MajorArea"], drop_first=True, dtype=float)

    found = fay_herriot(milk["yi"], milk["SD"] ** 2, regions, method=method)

    # sae stops its iterations at 1e-4: its variance is not the exact optimum.
    assert found.value.to_list() == pytest.approx(expected["eblup"], rel=1e-4)
    assert found.mse.to_list() == pytest.approx(expected["mse"], rel=1e-3)
    assert found.variance == pytest.approx(expected["A"], rel=1e-3)
    assert found.coefficients.to_list() == pytest.approx(expected["beta"], rel=1e-3)
    assert found.standard_errors.to_list() == pytest.approx(expected["se_beta"], rel=1e-3)
    assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-4)


def planted(rng, n=60):
    x = pd.DataFrame({"marginality": rng.normal(size=n)})
    truth = 0.6 + 0.08 * x["marginality"] + rng.normal(0, 0.05, n)
    variance = pd.Series(rng.uniform(0.04, 0.12, n) ** 2)
    return x, truth, truth + rng.normal(0, np.sqrt(variance)), variance


def test_intervals_cover_and_errors_are_below_direct_and_synthetic_ones():
    rng = np.random.default_rng(6)
    covered, errors = [], []

    for _ in range(40):
        x, truth, direct, variance = planted(rng)
        found = fay_herriot(direct, variance, x)
        table = found.frame()
        covered.append(truth.between(table["lower"], table["upper"]).mean())
        synthetic = found.coefficients["intercept"] + x["marginality"] * found.coefficients.iloc[1]
        errors.append([((a - truth) ** 2).mean() for a in (found.value, direct, synthetic)])

    model, plain, only_covariates = np.mean(errors, axis=0)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert model < plain
    assert model < only_covariates


def test_an_area_where_nobody_was_asked_has_the_synthetic_estimate_and_a_wider_error():
    x, _, direct, variance = planted(np.random.default_rng(1))
    whole = direct.copy()
    direct.iloc[3] = np.nan

    found = fay_herriot(direct, variance, x)

    line = found.coefficients["intercept"] + found.coefficients["marginality"] * x.iloc[3, 0]
    assert found.value[3] == pytest.approx(line)
    assert found.mse[3] > found.variance
    assert found.mse[3] > fay_herriot(whole, variance, x).mse[3]
    assert not found.sampled[3]
    assert found.frame(widest=0.0)["verdict"].eq("insufficient").all()


def test_areas_that_differ_by_chance_only_share_one_line():
    direct = pd.Series([0.50, 0.51, 0.49, 0.50, 0.505])

    found = fay_herriot(direct, pd.Series(0.01, direct.index), pd.DataFrame(index=direct.index))

    assert found.variance == 0
    assert found.value.to_list() == pytest.approx([direct.mean()] * 5)


def test_neighbours_help_where_neighbours_resemble_one_another():
    rng, n = np.random.default_rng(3), 80
    away = np.linalg.inv(np.eye(n) - 0.85 * ring(n))
    x = pd.DataFrame({"a": rng.normal(size=n)})
    errors, correlations, covered = [], [], []

    for _ in range(15):
        truth = 0.5 + 0.1 * x["a"] + away @ rng.normal(0, 0.05, n)
        direct = truth + rng.normal(0, 0.1, n)
        near = spatial_fay_herriot(direct, pd.Series(0.01, x.index), x, ring(n))
        plain = fay_herriot(direct, pd.Series(0.01, x.index), x)
        errors.append([((a.value - truth) ** 2).mean() for a in (near, plain)])
        correlations.append(near.correlation)
        table = near.frame()
        covered.append(truth.between(table["lower"], table["upper"]).mean())

    spatial, independent = np.mean(errors, axis=0)
    assert spatial < 0.9 * independent
    assert np.mean(correlations) == pytest.approx(0.85, abs=0.1)
    assert 0.92 <= np.mean(covered) <= 0.975


def test_grapes_by_municipality_are_those_of_r_sae(oracle):
    grapes, near = oracle("grapes.csv"), oracle("grapes_prox.csv").to_numpy(float)

    found = spatial_fay_herriot(
        grapes["grapehect"], grapes["var"], grapes[["area", "workdays"]], near
    )

    # Molina & Marhuenda (2015), R Journal 7, 81-98: refvar and spatialcorr of eblupSFH by REML.
    assert found.variance == pytest.approx(71.189, rel=2e-3)
    assert found.correlation == pytest.approx(0.583, abs=1e-3)


def test_without_neighbours_the_spatial_model_is_the_plain_one():
    x, _, direct, variance = planted(np.random.default_rng(8))

    islands = spatial_fay_herriot(direct, variance, x, np.zeros((60, 60)))

    plain = fay_herriot(direct, variance, x)
    assert islands.value.to_numpy() == pytest.approx(plain.value.to_numpy(), rel=1e-4)
    assert islands.mse.to_numpy() == pytest.approx(plain.mse.to_numpy(), rel=0.05)


def test_benchmarked_areas_add_up_to_the_city():
    areas, people = pd.Series([0.4, 0.6, 0.8]), pd.Series([100, 300, 100])
    mse = pd.Series([0.01, 0.01, 0.04])

    by_ratio = benchmark(areas, people, 0.66)
    by_error = benchmark(areas, people, 0.66, mse=mse)

    assert by_ratio.to_list() == pytest.approx([0.44, 0.66, 0.88])
    # Moves go as mse x share: 2, 6 and 8 parts; their weighted sum is 5.6 parts for 0.06.
    part = 0.06 / 5.6
    assert (by_error - areas).to_list() == pytest.approx([2 * part, 6 * part, 8 * part])
    assert (by_error * people).sum() / people.sum() == pytest.approx(0.66)


def test_what_cannot_be_fitted_is_refused():
    x, _, direct, variance = planted(np.random.default_rng(2))

    with pytest.raises(AnalysisError, match="without a positive variance"):
        fay_herriot(direct, variance.where(variance.index != 4, 0.0), x)
    with pytest.raises(AnalysisError, match="lack a covariate"):
        fay_herriot(direct, variance, x.iloc[1:])
    with pytest.raises(AnalysisError, match="do not suffice"):
        fay_herriot(direct.iloc[:2], variance, x)
    with pytest.raises(AnalysisError, match="rows add up to 1"):
        spatial_fay_herriot(direct, variance, x, ring(60) * 2)
    with pytest.raises(AnalysisError, match="agree with the city"):
        benchmark(direct, pd.Series(1.0, index=range(3)), 0.5)


def test_a_share_beyond_its_bounds_is_no_figure_and_limits_of_the_others_stay_inside():
    index = pd.Index(["beyond", "low", "half"])
    nothing = pd.Series(dtype=float)
    value, mse = pd.Series([-0.19, 0.02, 0.5], index), pd.Series([0.01, 0.0004, 0.0025], index)
    told = AreaEstimates(value, mse, nothing, nothing, 0.1, 0.0, 0.0, value.notna())

    table = told.frame(share=True)

    assert table["verdict"].to_list() == ["insufficient", "enough", "enough"]
    assert table.loc["beyond", ["lower", "upper"]].isna().all()
    # Log-odds of a half: give or take 1.96 * 0.05 / 0.25.
    reach = 1.959964 * 0.05 / 0.25
    assert table.loc["half", "upper"] == pytest.approx(1 / (1 + np.exp(-reach)), rel=1e-6)
    assert 0 < table.loc["low", "lower"] < 0.02 < table.loc["low", "upper"] < 1
