"""Synthetic designs of a programme's places together: which groups, ranks among them, refusals."""

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation import grouped, pooled
from labtools.evaluation.grouped import _groups, synthetic_difference_effect, synthetic_effect
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.pooled import micro_synthetic_effect, series_effect
from labtools.evaluation.synthetic_control import synthetic_control
from labtools.evaluation.synthetic_did import synthetic_difference

QUARTERS = pd.date_range("2018-01-01", periods=20, freq="QS")


def start(places, treated, *, effect=1.0, chosen="by_lottery"):
    rng, at = np.random.default_rng(1), 16
    level = np.full((places, 20), 20.0)
    level[:treated, at:] *= effect
    counts = pd.DataFrame(rng.poisson(level).astype(float), columns=QUARTERS)
    inside = pd.Series(np.arange(places) < treated)
    nobody = pd.Series(np.zeros(places, bool))
    beside = pd.DataFrame(np.zeros((places, places), bool))
    return OneStart(counts, at, inside, nobody, beside, chosen)


def rng():
    return np.random.default_rng(4)


def test_groups_are_logarithms_of_means_with_a_half_for_none():
    one = start(13, 3)

    table, own = _groups(one, (one.treated.to_numpy(), one.others.to_numpy()), 1, rng())

    assert own == ["in-0"]
    assert table.columns.to_list() == ["in-0", "out-0", "out-1", "out-2"]
    told = np.log((one.counts.iloc[:3].sum() + 0.5) / 3)
    assert table["in-0"].to_numpy() == pytest.approx(told.to_numpy())
    # Ten others make three groups of three; each of them is in one of them at most.
    events = np.exp(table[["out-0", "out-1", "out-2"]]).to_numpy() * 3 - 0.5
    assert events == pytest.approx(np.rint(events))
    assert (events.sum(axis=1) <= one.counts.iloc[3:].sum().to_numpy() + 1e-9).all()


def test_a_programme_is_split_into_four_groups_and_a_small_one_into_its_places():
    ten, three = start(60, 10), start(60, 3)

    def names(one):
        return _groups(one, (one.treated.to_numpy(), one.others.to_numpy()), 4, rng())

    table, own = names(ten)
    assert own == ["in-0", "in-1", "in-2", "in-3"]
    assert table.shape == (20, 4 + 25)
    assert names(three)[1] == ["in-0", "in-1", "in-2"]
    assert names(three)[0].shape == (20, 3 + 57)
    assert names(start(100, 2))[0].shape == (20, 2 + 60)


@pytest.mark.parametrize(("places", "enough"), [(100, True), (99, False)])
def test_twenty_groups_are_enough_for_an_error_of_one_in_twenty(places, enough):
    one = start(places, 5, effect=0.4)

    if not enough:
        with pytest.raises(AnalysisError, match=r"make 19 groups .* 20 are .*\(5 of 99 here\)"):
            synthetic_effect(one, level=0.95, rng=rng())
        return
    found = synthetic_effect(one, level=0.95, rng=rng())
    # The programme's is the largest of twenty, and so rare that nil lies outside the limits.
    assert found.p == pytest.approx(1 / 20)
    assert found.upper < 0
    assert found.lower + found.upper == pytest.approx(2 * found.log_ratio)
    assert (found.places, found.compared) == (5, 95)
    assert found.observed == one.counts.iloc[:5, 16:].to_numpy().sum()
    table, _ = _groups(one, (one.treated.to_numpy(), one.others.to_numpy()), 1, rng())
    assert found.log_ratio == pytest.approx(synthetic_control(table, "in-0", 16).effect)


@pytest.mark.parametrize(("places", "groups"), [(40, 12), (39, 11)])
def test_twelve_groups_are_enough_for_a_synthetic_difference(places, groups):
    one = start(places, 16, effect=0.4)

    if groups < 12:
        with pytest.raises(AnalysisError, match=r"make 9 groups .* 12 are"):
            synthetic_difference_effect(one, level=0.95, rng=rng())
        return
    with pytest.raises(AnalysisError, match=r"make 10 groups .* 12 are"):
        synthetic_difference_effect(one, level=0.95, rng=rng())


def test_a_synthetic_difference_is_ranked_among_199_programmes_drawn_as_by_lot():
    one = start(80, 8, effect=0.5)

    found = synthetic_difference_effect(one, level=0.95, rng=rng())

    table, own = _groups(one, (one.treated.to_numpy(), one.others.to_numpy()), 4, rng())
    assert found.log_ratio == pytest.approx(synthetic_difference(table, own, 16).effect)
    assert found.p == pytest.approx(1 / 200)
    assert found.upper < 0
    assert found.lower + found.upper == pytest.approx(2 * found.log_ratio)
    assert (found.places, found.compared) == (8, 72)


def test_where_no_placebo_differs_from_another_no_limits_are_told():
    one = start(80, 8)
    alike = OneStart(one.counts * 0 + 9.0, 16, one.treated, one.ring, one.beside, "by_lottery")

    found = synthetic_difference_effect(alike, level=0.95, rng=rng())

    assert found.log_ratio == pytest.approx(0, abs=1e-9)
    assert np.isnan([found.lower, found.upper, found.p]).all()


def test_a_mix_is_matched_on_three_years_at_most_with_399_placebos(monkeypatch):
    one, asked = start(80, 12, effect=0.6), {}
    true = pooled.micro_synthetic

    def micro_synthetic(years, after, treated, **how):
        asked.update(years=years.columns.to_list(), draws=how["draws"][0].shape)
        return true(years, after, treated, **how)

    monkeypatch.setattr(pooled, "micro_synthetic", micro_synthetic)
    found = micro_synthetic_effect(one, level=0.95, rng=rng())

    assert asked["years"] == [8, 12, 16]
    assert asked["draws"] == (400, 80)
    assert found.p == pytest.approx(1 / 400)
    assert found.log_ratio == pytest.approx(np.log(0.6), abs=0.15)
    assert found.lower + found.upper == pytest.approx(2 * found.log_ratio)
    assert (found.places, found.compared) == (12, 68)
    assert found.observed == one.counts.iloc[:12, 16:].to_numpy().sum()


def test_a_series_is_told_in_events_as_if_the_others_had_stayed_as_they_were(monkeypatch):
    one, asked = start(40, 10), {}
    true = pooled.interrupted_series

    def interrupted_series(series, at, **how):
        asked.update(series=series, at=at)
        return true(series, at, **how)

    monkeypatch.setattr(pooled, "interrupted_series", interrupted_series)
    found = series_effect(one, level=0.95, rng=rng())

    others = one.counts.iloc[10:].sum()
    told = one.counts.iloc[:10].sum() / (others / others.mean())
    assert asked["series"].to_numpy() == pytest.approx(told.to_numpy())
    assert asked["at"] == QUARTERS[16]
    assert (found.places, found.compared) == (10, 30)
    assert found.observed == one.counts.iloc[:10, 16:].to_numpy().sum()


@pytest.mark.parametrize(("events", "enough"), [(25, True), (24, False)])
def test_others_of_25_events_in_every_quarter_tell_what_the_city_did(events, enough):
    one = start(12, 10)
    counts = one.counts.copy()
    counts.iloc[10:] = 15.0
    counts.iloc[10:, 7] = [events - 10.0, 10.0]
    one = OneStart(counts, 16, one.treated, one.ring, one.beside, "by_lottery")

    if enough:
        assert np.isfinite(series_effect(one, level=0.95, rng=rng()).log_ratio)
        return
    with pytest.raises(AnalysisError, match=r"The 2 other colonias had as few as 24 .* 25 are"):
        series_effect(one, level=0.95, rng=rng())


@pytest.mark.parametrize(
    "effect",
    [synthetic_effect, synthetic_difference_effect, micro_synthetic_effect, series_effect],
)
def test_places_chosen_for_their_records_are_refused(effect):
    with pytest.raises(AnalysisError, match="imputed_counts"):
        effect(start(80, 8, chosen="by_records"), level=0.95, rng=rng())


def test_the_gap_of_few_quarters_is_not_measured_by_less_than_that_of_the_median_group():
    one = start(100, 5)
    table, own = _groups(one, (one.treated.to_numpy(), one.others.to_numpy()), 1, rng())
    found = {name: synthetic_control(table, name, 16) for name in table.columns}
    early = pd.Series({name: told.before_rmse for name, told in found.items()})
    size = pd.Series(
        {name: abs(told.effect) / max(early[name], early.median()) for name, told in found.items()}
    )

    told = synthetic_effect(one, level=0.95, rng=rng())

    assert grouped.shared_shocks(one, one.treated, one.others).factor == pytest.approx(1.0)
    assert told.p == pytest.approx((size >= size[own[0]]).mean())
    reach = size.drop(own).max() * max(early[own[0]], early.median())
    assert told.upper - told.log_ratio == pytest.approx(reach)
