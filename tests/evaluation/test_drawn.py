"""The choice of places drawn again: how many, who compares, and the lots they are drawn from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.drawn import drawn_again, who_compares
from labtools.evaluation.one_start import OneStart
from labtools.evaluation.permuted_ratio import _choices, drawn_ratio, spatial_ratio
from labtools.evaluation.randomisation import studentised
from labtools.evaluation.shared_shocks import shared_shocks

QUARTERS = pd.date_range("2022-01-01", periods=8, freq="QS")


def start(places=12, treated=3, *, ring=False, effect=1.0, chosen="by_lottery"):
    """Places in a row, the first of them in the programme."""
    rng, place = np.random.default_rng(1), np.arange(places)
    mean = np.full((places, 8), 40.0)
    mean[:treated, 4:] *= effect
    near = np.abs(np.subtract.outer(place, place)) == 1
    return OneStart(
        pd.DataFrame(rng.poisson(mean).astype(float), columns=QUARTERS),
        4,
        pd.Series(place < treated),
        pd.Series(ring & (place == treated)),
        pd.DataFrame(near),
        chosen,
    )


def test_the_choice_that_was_made_comes_first_and_all_are_of_as_many():
    one = start()

    groups, others = drawn_again(one, 500, np.random.default_rng(2))

    assert groups.shape == others.shape == (501, 12)
    assert groups[0].tolist() == one.treated.tolist()
    assert (groups.sum(axis=1) == 3).all()
    assert (others == ~groups).all()
    # A quarter each, within four standard errors of 500 draws.
    assert groups[1:].mean(axis=0) == pytest.approx(0.25, abs=0.08)


def test_who_lies_beside_a_group_does_not_compare_with_it_where_neighbours_have_their_own_effect():
    groups = np.zeros((2, 12), bool)
    groups[0, :3] = groups[1, [5, 9]] = True

    told = who_compares(start(ring=True), groups)

    assert np.flatnonzero(~told[0]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(~told[1]).tolist() == [4, 5, 6, 8, 9, 10]
    assert (who_compares(start(), groups) == ~groups).all()


def test_of_a_lottery_999_choices_are_drawn_and_of_lots_those_there_were():
    one = start()
    lots = np.random.default_rng(3).permuted(np.tile(one.treated, (20, 1)), axis=1)

    assert _choices(one, 0.95, np.random.default_rng(1)).shape == (1000, 12)
    assert _choices(replace(one, drawn=lots), 0.95, np.random.default_rng(1)) is lots
    with pytest.raises(AnalysisError, match=r"Only 19 lots .* 20 are needed"):
        _choices(replace(one, drawn=lots[:19]), 0.95, np.random.default_rng(1))


def test_p_is_the_share_of_lots_as_extreme_as_the_one_that_was_taken():
    one = start(effect=0.75)
    rng = np.random.default_rng(4)
    lots = np.array([one.treated, *(rng.permutation(one.treated) for _ in range(39))])

    found = drawn_ratio(replace(one, drawn=lots), level=0.95, rng=rng)

    before, after = one.counts.iloc[:, :4].sum(axis=1), one.counts.iloc[:, 4:].sum(axis=1)
    change = (after - after.sum() / before.sum() * before).to_numpy()
    size = np.abs(studentised(change, lots, ~lots))
    assert found.p == pytest.approx((size >= size[0] - 1e-12).mean())
    sums = [part[rows].sum() for part in (after, before) for rows in (one.treated, ~one.treated)]
    assert found.log_ratio == pytest.approx(np.log(sums[0] * sums[3] / (sums[1] * sums[2])))


def test_only_a_lottery_is_drawn_again_and_maps_are_not_drawn_of_a_choice_by_records():
    rng = np.random.default_rng(1)

    with pytest.raises(AnalysisError, match="Only a lottery"):
        drawn_ratio(start(chosen="otherwise"), level=0.95, rng=rng)
    with pytest.raises(AnalysisError, match="imputed_counts"):
        spatial_ratio(start(chosen="by_records"), level=0.95, rng=rng)


def test_maps_as_alike_next_door_find_a_fall_and_leave_out_the_ring():
    one = start(40, 12, ring=True, effect=0.5)

    found = spatial_ratio(one, level=0.95, rng=np.random.default_rng(5))

    kept = one.counts.drop(index=12)
    sums = kept.groupby(kept.index < 12)
    before, after = sums.sum().iloc[:, :4].sum(axis=1), sums.sum().iloc[:, 4:].sum(axis=1)
    assert found.log_ratio == pytest.approx(
        np.log(after[True] * before[False] / (before[True] * after[False]))
    )
    assert found.lower < np.log(0.5) < found.upper < 0
    assert found.p < 0.05
    # One in a thousand draws and the map that was seen.
    assert found.p * 1000 == pytest.approx(round(found.p * 1000))
    assert (found.places, found.compared) == (12, 27)


def test_shocks_of_unrelated_places_are_told_over_all_quarters_unless_windows_are_given():
    one = start(40, 12)
    given = one.counts.iloc[:, 2:4].sum(axis=1), one.counts.iloc[:, 4:6].sum(axis=1)
    alone = replace(one, beside=one.beside & False)

    whole = shared_shocks(alone, one.treated, one.others)
    part = shared_shocks(alone, one.treated, one.others, given)

    # Poisson counts: the variance of the ratio is the sum of one over each of four sums.
    before, after = one.counts.iloc[:, :4], one.counts.iloc[:, 4:]
    sums = [np.array(t[r]).sum() for t in (before, after) for r in (one.treated, ~one.treated)]
    assert whole.factor == part.factor == 1.0
    assert whole.error == pytest.approx(np.sqrt((1 / np.array(sums)).sum()), rel=0.25)
    # Half as many events: an error larger by the root of two.
    assert part.error / whole.error == pytest.approx(np.sqrt(2), rel=0.3)
