import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.unit_level import fit_unit_level
from labtools.errors import AnalysisError

PIXELS = {"MeanCornPixPerSeg": "CornPix", "MeanSoyBeansPixPerSeg": "SoyBeansPix"}


def test_corn_by_county_is_that_of_battese_harter_and_fuller(reference, oracle):
    expected = reference("unit_level_corn.json")
    segments = oracle("cornsoybean.csv").drop(index=32)
    counties = oracle("cornsoybeanmeans.csv").set_index("CountyIndex").rename(columns=PIXELS)

    fit = fit_unit_level(
        segments["CornHec"],
        segments["County"],
        segments[list(PIXELS.values())],
        counties[list(PIXELS.values())],
    )

    near = {"rel": expected["relative_tolerance"]}
    assert fit.value.to_list() == pytest.approx(expected["eblup"], **near)
    assert fit.coefficients.to_list() == pytest.approx(expected["fixed"], **near)
    assert fit.variance_between == pytest.approx(expected["var_u"], **near)
    assert fit.variance_within == pytest.approx(expected["var_e"], **near)


def test_intervals_of_areas_hold_their_means_as_often_as_they_say():
    rng, held = np.random.default_rng(5), []
    for _ in range(40):
        means = pd.DataFrame({"x": rng.normal(0, 1, 60)})
        own = rng.normal(0, 1, 60)
        area = pd.Series(np.repeat(np.arange(50), rng.integers(2, 9, 50)))
        x = means["x"].to_numpy()[area] + rng.normal(0, 1, len(area))
        y = pd.Series(1 + 2 * x + own[area] + rng.normal(0, 2, len(area)))

        fit = fit_unit_level(y, area, pd.DataFrame({"x": x}), means)

        truth = 1 + 2 * means["x"] + own
        held.append((np.abs(fit.value - truth) <= 1.96 * np.sqrt(fit.mse)).mean())

    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_an_area_nobody_was_asked_in_gets_the_synthetic_mean():
    area, x = pd.Series([0, 0, 1, 1, 2, 2]), pd.DataFrame({"x": [0.0, 1, 2, 3, 4, 6]})
    y = pd.Series([0.0, 1.1, 1.9, 3.2, 4.1, 5.8])
    means = pd.DataFrame({"x": [0.5, 10.0]}, index=[0, 9])

    fit = fit_unit_level(y, area, x, means)

    slope = fit.coefficients["x"]
    assert fit.value[9] == pytest.approx(fit.coefficients["intercept"] + 10 * slope)


def test_a_missing_answer_is_named_and_not_dropped():
    with pytest.raises(AnalysisError, match="1 people lack an answer"):
        fit_unit_level(
            pd.Series([1.0, np.nan]),
            pd.Series([0, 1]),
            pd.DataFrame({"x": [0.0, 1.0]}),
            pd.DataFrame({"x": [0.5]}),
        )
