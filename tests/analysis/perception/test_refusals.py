"""Surveys that tell nothing are refused with how many rows are wrong, and the first of them."""

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.area_level import _model_inputs
from labtools.analysis.perception.area_models import fay_herriot_shares
from labtools.analysis.perception.calibrate import calibrate_linear, poststratify
from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.poststratify import _check, poststratified_shares
from labtools.analysis.perception.regression import survey_regression
from labtools.analysis.perception.replicates import jackknife
from labtools.analysis.perception.unit_level import _check as check_unit_level
from labtools.errors import AnalysisError


def people(n=6):
    return pd.DataFrame(
        {"w": 1.0, "h": ["a"] * 3 + ["b"] * (n - 3), "n": 100.0}, [f"r{k}" for k in range(n)]
    )


def test_columns_that_are_not_there_or_have_gaps_are_named_with_their_first_row():
    with pytest.raises(AnalysisError, match=r"no column z. Those it has: w, h, n"):
        survey_design(people(), weight="w", stratum="z")
    holed = people()
    holed.loc[["r2", "r4"], "h"] = np.nan
    with pytest.raises(AnalysisError, match=r"2 rows have no h \(the first: r2\)"):
        survey_design(holed, weight="w", stratum="h")


@pytest.mark.parametrize("wrong", [-1.0, np.inf])
def test_weights_that_are_no_number_of_people_are_counted_and_a_missing_one_takes_no_part(wrong):
    table = people()
    table.loc[["r1", "r5"], "w"] = [wrong, wrong]
    table.loc["r0", "w"] = np.nan

    with pytest.raises(AnalysisError, match=r"2 weights are negative or no number .*: row r1"):
        survey_design(table, weight="w")
    table.loc[["r1", "r5"], "w"] = 0.0
    assert survey_design(table, weight="w").weight.tolist() == [0, 0, 1, 1, 1, 0]


@pytest.mark.parametrize(("units", "row"), [((3.0, 3.0), None), ((3.0, 2.0), "r3")])
def test_all_units_of_a_stratum_may_be_drawn_and_no_more(units, row):
    table = people().assign(n=np.repeat(units, 3))

    if row is None:
        design = survey_design(table, weight="w", stratum="h", population=("n",))
        assert design.degrees_of_freedom() == 4
        return
    with pytest.raises(AnalysisError, match=f"At row {row} more units"):
        survey_design(table, weight="w", stratum="h", population=("n",))
    with pytest.raises(AnalysisError, match="At row r0"):
        survey_design(table.assign(n=np.nan), weight="w", stratum="h", population=("n",))


@pytest.mark.parametrize("lonely", ["refuse", "jackknife"])
def test_strata_of_one_cluster_are_counted(lonely):
    table = people(5).assign(h=["a", "b", "b", "c", "d"])
    design = survey_design(table, weight="w", stratum="h", lonely="refuse")

    if lonely == "refuse":
        with pytest.raises(AnalysisError, match=r"3 strata have .* first at row r0\)"):
            design.covariance(np.ones(5))
        return
    with pytest.raises(AnalysisError, match="3 strata have a single cluster"):
        jackknife(design)
    kept = jackknife(survey_design(people(), weight="w", stratum="h"))
    # Each cluster is left out once, and the two others of its stratum stand for it.
    assert kept.weights[0].tolist() == [0, 1.5, 1.5, 1, 1, 1]
    assert kept.scale.tolist() == pytest.approx([2 / 3] * 6)
    drawn = jackknife(survey_design(people(), weight="w", stratum="h", population=("n",)))
    assert drawn.scale.tolist() == pytest.approx([2 / 3 * 0.97] * 6)


def test_groups_that_differ_from_the_populations_are_named_three_of_each():
    table = people(8)
    design = survey_design(table, weight="w")
    asked = pd.Series([*"pqrstuv", None], table.index)

    with pytest.raises(AnalysisError) as refused:
        poststratify(design, asked, pd.Series({"p": 5, "w": 1, "x": 2, "y": 3, "z": 4}))

    said = str(refused.value)
    assert "None" in said or "without population" in said
    assert "nobody asked w, x, y; people without group 1" in said


def test_totals_that_are_not_known_or_cannot_be_met_are_refused():
    table = people()
    design = survey_design(table, weight="w")
    x = pd.DataFrame({"one": 1.0, "a": [0, 1, 2, 3, 4, 9.0], "b": 2.0}, table.index)

    with pytest.raises(AnalysisError, match=r"2 covariates have no .* first: a\)"):
        calibrate_linear(design, x, pd.Series({"one": 6.0}))
    with pytest.raises(AnalysisError, match="make 1 weights negative"):
        calibrate_linear(design, x[["one", "a"]], pd.Series({"one": 6.0, "a": 5.0}))
    found = calibrate_linear(design, x[["one", "a"]], pd.Series({"one": 12.0, "a": 38.0}))
    assert found.weight.tolist() == pytest.approx([2.0] * 6)


def test_answers_and_census_must_agree_and_the_first_that_does_not_is_named():
    sample = pd.DataFrame(
        {"y": [1, 0, 1, 0.0], "area": [*"aabb"], "sex": [*"fmfm"]}, [f"r{k}" for k in range(4)]
    )
    census = pd.DataFrame({"area": [*"aabb"], "sex": [*"fmfm"], "people": [9, 9, 9, 0]}, [*"stuv"])
    keys = ["area", "sex"]

    _check(sample, census, keys)
    with pytest.raises(AnalysisError, match=r"1 combinations .* first: b, m\)"):
        poststratified_shares(
            sample, census, area="area", kinds=("sex",), rng=np.random.default_rng(1)
        )
    with pytest.raises(AnalysisError, match=r"2 people answered .* first: row r1\)"):
        _check(sample.assign(y=[1, 2, 1, -1]), census, keys)
    with pytest.raises(AnalysisError, match=r"1 people answered .* first: row r2\)"):
        _check(sample.assign(sex=["f", "m", None, "m"]), census, keys)
    with pytest.raises(AnalysisError, match=r"0 people answered .* first: row -\)"):
        _check(sample.assign(y=np.nan), census, keys)
    with pytest.raises(AnalysisError, match=r"2 rows of the census .* first: row t\)"):
        _check(sample, census.assign(people=[9, -1, 9, np.nan]), keys)


def test_areas_without_covariate_or_variance_are_counted_and_as_many_as_coefficients_are_too_few():
    areas = pd.Index([*"abcde"])
    direct = pd.Series([0.2, 0.4, np.nan, 0.5, 0.3], areas)
    variance = pd.Series(0.01, areas)
    x = pd.DataFrame({"x": [1.0, 2.0, 4.0, 3.0, 7.0]}, areas)

    sampled, y, noise, design = _model_inputs(direct, variance, x[::-1])

    assert sampled.tolist() == [True, True, False, True, True]
    assert y.tolist() == [0.2, 0.4, 0.5, 0.3]
    assert noise.tolist() == [0.01] * 4
    assert design.tolist() == [[1, 1], [1, 2], [1, 4], [1, 3], [1, 7]]
    with pytest.raises(AnalysisError, match=r"2 areas lack a .* first: b\)"):
        _model_inputs(direct, variance, x.drop(["b", "d"]))
    with pytest.raises(AnalysisError, match=r"2 areas have an estimate .* first: b\)"):
        _model_inputs(direct, variance.mask(variance.index.isin(["b", "c", "e"]), 0.0), x)
    with pytest.raises(AnalysisError, match="2 areas with an estimate do not suffice for 2"):
        _model_inputs(direct.where(direct > 0.3), variance, x)
    assert _model_inputs(direct.where(direct > 0.2), variance, x)[0].sum() == 3


@pytest.mark.parametrize(
    ("yes", "told"), [([2.0, 5.1, -0.1, 0.0], "2 areas .* first: b"), ([2, 5, 0, 1.0], None)]
)
def test_more_who_said_yes_than_were_asked_are_counted(yes, told):
    areas = pd.Index([*"abcd"])
    asked = pd.Series(5.0, areas)
    x = pd.DataFrame({"x": [1.0, 2.0, 4.0, 3.0]}, areas)

    if told is None:
        found = fay_herriot_shares(
            pd.Series(yes, areas), asked, x, rng=np.random.default_rng(1), size=30
        )
        assert found.draws.shape == (30, 4)
        return
    with pytest.raises(AnalysisError, match=told):
        fay_herriot_shares(pd.Series(yes, areas), asked, x, rng=np.random.default_rng(1))


def test_a_regression_needs_a_cluster_more_than_coefficients_and_rows_in_order():
    table = people()
    x = pd.DataFrame({"x": [0.0, 1, 2, 3, 4, 5]}, table.index)
    y = pd.Series([1.0, 2, 2, 4, 5, 5], table.index)
    design = survey_design(table, weight="w")

    found = survey_regression(design, y, x)

    assert found.freedom == 4
    with pytest.raises(AnalysisError, match="2 people with an answer do not suffice for 2"):
        survey_regression(design, y.where(y > 4), x)
    three = survey_regression(design, y.where(y > 2), x)
    assert three.freedom == 1
    with pytest.raises(AnalysisError, match="the 6 rows of the sample"):
        survey_regression(design, y[::-1], x)


def test_people_must_be_more_than_areas_and_coefficients_together():
    y, x = np.arange(5.0), np.column_stack([np.ones(5), [0.0, 1, 0, 2, 5]])
    means = pd.DataFrame({"x": [1.0, 2.0]})

    check_unit_level(y, x, means, np.array([0, 0, 1, 1, 1]))
    with pytest.raises(AnalysisError, match="4 people in 2 areas do not suffice for 2"):
        check_unit_level(y[:4], x[:4], means, np.array([0, 0, 1, 1]))
    with pytest.raises(AnalysisError, match=r"3 people lack .* and 1 areas a mean"):
        check_unit_level(
            np.array([np.nan, 1, 2, 3, np.inf]),
            x,
            means.mask(means == 1.0),
            np.array([0, 0, -1, 1, 1]),
        )
