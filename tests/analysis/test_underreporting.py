import numpy as np
import pandas as pd
import pytest

from labtools.analysis.underreporting import (
    Reporting,
    chapman,
    fit_reporting,
    lincoln_petersen,
    reporting_prior,
)
from labtools.errors import AnalysisError

VICTIMS = pd.Series([14, 9, 22, 5, 30, 11, 3, 17])
REPORTED = pd.Series([5, 2, 12, 1, 9, 6, 0, 3])
RECORDED = pd.Series([120, 80, 300, 25, 210, 150, 12, 60])


# Reference case m1: Seber's formulae computed apart from this project.
@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ((200, 150, 60), (496.55737704918033, 40.71421776210146)),
        ((341, 125, 41), (1025.0, 119.65065428056565)),
        ((30, 25, 0), (805.0, 549.7726802961384)),
        ((1200, 900, 333), (3238.823353293413, 119.30704989644535)),
    ],
)
def test_two_lists_tell_how_many_there_are(lists, expected):
    assert chapman(*lists) == pytest.approx(expected)


def test_the_plain_two_list_estimate_needs_somebody_in_both():
    assert lincoln_petersen(200, 150, 60) == pytest.approx((500.0, 41.83300132670378))
    with pytest.raises(AnalysisError, match="share nobody"):
        lincoln_petersen(30, 25, 0)
    with pytest.raises(AnalysisError, match="do not fit"):
        chapman(10, 20, 11)


def test_reporting_by_area_is_that_of_the_reference_case():
    law = fit_reporting(REPORTED, VICTIMS)

    # Reference case m1 (beta-binomial by maximum likelihood).
    assert (law.alpha, law.beta) == pytest.approx((11.0969, 21.8850), rel=5e-3)
    assert law.rates(REPORTED, VICTIMS)[[0, 2, 6]].to_list() == pytest.approx(
        [0.342619, 0.420082, 0.308402], rel=1e-4
    )
    probable = law.probable(RECORDED, REPORTED, VICTIMS)["probable"]
    assert probable[[0, 2, 6, 7]].to_list() == pytest.approx(
        [365.494125, 732.888955, 41.575408, 224.397634], rel=1e-4
    )


def test_the_planted_dark_figure_lies_in_its_interval():
    rng, areas = np.random.default_rng(11), 80
    p = rng.beta(8, 16, areas)
    crimes = rng.poisson(150, areas)
    recorded = pd.Series(rng.binomial(crimes, p))
    victims = pd.Series(rng.poisson(12, areas))
    reported = pd.Series(rng.binomial(victims, p))

    law = fit_reporting(reported, victims)
    draws = law.draws(recorded, reported, victims, size=2000, rng=rng)

    lower, upper = np.quantile(draws, [0.025, 0.975], axis=0)
    assert np.mean((lower <= crimes) & (crimes <= upper)) >= 0.9
    assert (draws >= recorded.to_numpy()).all()


def test_an_area_without_records_may_have_had_crimes_and_one_without_data_stays_missing():
    recorded = pd.Series([0.0, np.nan, 10.0])
    nobody = pd.Series([0, 0, 0])

    draws = Reporting(2, 6).draws(recorded, nobody, nobody, size=500, rng=np.random.default_rng(1))

    assert draws[:, 0].mean() > 0
    assert np.isnan(draws[:, 1]).all()


def test_the_prior_of_a_national_survey_has_its_mean_and_width():
    law = reporting_prior(0.927, 0.85, 0.98)

    draws = np.random.default_rng(2).beta(law.beta, law.alpha, 200_000)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert draws.mean() == pytest.approx(0.927, abs=1e-3)
    assert high - low == pytest.approx(0.13, abs=2e-3)
    with pytest.raises(AnalysisError, match="not percentages"):
        reporting_prior(92.7, 85, 98)


def test_a_survey_that_cannot_tell_asks_for_a_prior():
    with pytest.raises(AnalysisError, match="Give a prior"):
        fit_reporting(pd.Series([1, 0]), pd.Series([3, 2]))
    with pytest.raises(AnalysisError, match="more reports than victims"):
        fit_reporting(pd.Series([4, 1, 1]), pd.Series([3, 2, 5]))
    with pytest.raises(AnalysisError, match="Give a prior"):
        fit_reporting(pd.Series([10, 10, 10]), pd.Series([30, 30, 30]))


def test_limits_wider_than_any_law_of_that_mean_are_refused():
    with pytest.raises(AnalysisError, match=r"No beta law has mean 0\.5"):
        reporting_prior(0.5, 0.001, 0.999)
    # A size of one has a width of 0.997; a narrow law is large.
    assert reporting_prior(0.5, 0.01, 0.99).alpha == pytest.approx(0.65, abs=0.1)
    assert reporting_prior(0.9, 0.899, 0.901).beta == pytest.approx(311_000, rel=0.02)


@pytest.mark.parametrize("limits", [(0.0, 0.5), (0.2, 1.0), (0.5, 0.6), (0.4, 0.5)])
def test_a_dark_figure_outside_its_limits_or_at_the_ends_is_refused(limits):
    with pytest.raises(AnalysisError, match="Give shares"):
        reporting_prior(0.5, *limits)


@pytest.mark.parametrize(("reported", "wrong"), [(-1, True), (0, False), (3, False), (4, True)])
def test_reports_lie_between_none_and_all_victims_and_the_first_area_is_named(reported, wrong):
    victims = pd.Series({"a": 5, "b": 3, "c": 3})
    told = pd.Series({"a": 2, "b": reported, "c": reported})

    if wrong:
        with pytest.raises(AnalysisError, match=r"2 areas have .* first: b\)"):
            Reporting(2, 6).rates(told, victims)
        return
    rates = Reporting(2, 6).rates(told, victims)
    assert rates.to_dict() == pytest.approx(
        {"a": 4 / 13, "b": (2 + reported) / 11, "c": (2 + reported) / 11}
    )


@pytest.mark.parametrize("lists", [(10, 20, 11), (20, 10, 11), (5, 5, -1)])
def test_more_in_both_lists_than_in_one_are_refused_and_as_many_are_not(lists):
    with pytest.raises(AnalysisError, match="do not fit"):
        chapman(*lists)
    with pytest.raises(AnalysisError, match="do not fit"):
        lincoln_petersen(*lists)
    assert chapman(10, 20, 10) == (20.0, 0.0)
    assert lincoln_petersen(10, 20, 10) == (20.0, 0.0)
    assert chapman(0, 0, 0) == (0.0, 0.0)


def test_areas_without_victims_are_not_among_the_three_that_are_needed():
    with pytest.raises(AnalysisError, match="among 2 areas with victims"):
        fit_reporting(pd.Series([1, 0, 0]), pd.Series([3, 2, 0]))
    told = fit_reporting(
        pd.concat([REPORTED, pd.Series([0], [99])]), pd.concat([VICTIMS, pd.Series([0], [99])])
    )
    plain = fit_reporting(REPORTED, VICTIMS)
    assert (told.alpha, told.beta) == pytest.approx((plain.alpha, plain.beta), rel=1e-6)
    with pytest.raises(AnalysisError, match="among 3 areas"):
        fit_reporting(pd.Series([0, 0, 0]), pd.Series([3, 2, 4]))
    with pytest.raises(AnalysisError, match="among 3 areas"):
        fit_reporting(pd.Series([3, 2, 4]), pd.Series([3, 2, 4]))
