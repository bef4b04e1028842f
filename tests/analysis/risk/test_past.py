"""The past of every group, what is summed of it, and what is told to the model of all quarters."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labtools.analysis.risk import past as module
from labtools.analysis.risk.past import (
    ALL_GROUPS,
    Past,
    cells_of,
    discounted_counts,
    surface_of_each_group,
    surfaces_in_time,
)
from labtools.analysis.risk.surfaces import Surface
from labtools.tables.periods import Window

AREAS = [f"c{k:02d}" for k in range(9)]
QUARTERS = pd.date_range("2022-01-01", periods=13, freq="QS")
GROUPS = ("violence", "robbery", "theft", "other", "total")
NEAR = sparse.csr_array(np.diag(np.ones(8), 1) + np.diag(np.ones(8), -1))


def past(**more):
    """Return counts that tell area, quarter and group, in any order, with a quarter too many."""
    rows = [
        (area, quarter, group, float(10 + 3 * a + t % 4 + 5 * g) if g < 4 else 0.0)
        for a, area in enumerate(AREAS)
        for t, quarter in enumerate(QUARTERS)
        for g, group in enumerate(GROUPS)
    ]
    series = pd.DataFrame(rows, columns=["colonia_id", "quarter", "group", "events"])
    four = series[series["group"] != "total"].groupby(["colonia_id", "quarter"])["events"].sum()
    whole = four.rename("events").reset_index().assign(group="total")
    series = pd.concat([series[series["group"] != "total"], whole]).sample(frac=1, random_state=1)
    end = QUARTERS[-1]
    window = Window(end - pd.DateOffset(years=2), end - pd.DateOffset(years=1), end)
    return Past(series, pd.Series(400.0, AREAS), window, **more)


def dispersion(past):
    return pd.DataFrame(2.0, past.population.index, list(GROUPS))


def test_quarters_of_a_group_end_before_the_window_does_and_stand_as_the_population():
    one = past()

    found = one.quarters("robbery")

    assert found.columns.to_list() == list(QUARTERS[:-1])
    assert found.index.to_list() == AREAS
    assert found.loc["c02"].to_list() == [10 + 6 + 5 + t % 4 for t in range(12)]
    assert set(found.dtypes) == {np.dtype(float)}


def test_all_groups_and_their_total_have_a_past_and_the_total_is_of_four_counts():
    assert ALL_GROUPS == GROUPS
    assert [cells_of(group) for group in GROUPS] == [1, 1, 1, 1, 4]


@pytest.mark.parametrize("slack", [0, 2])
def test_of_a_rounded_past_it_is_told_of_how_many_counts_each_sum_is(slack):
    one = past(slack=slack)

    found = discounted_counts(one, dispersion(one))

    # Weights halve in nine months: those of twelve quarters, half a quarter old the newest.
    weight = 2 ** (-(np.arange(12)[::-1] + 0.5) / 3)
    theft = found["theft"]
    assert theft.events["c00"] == pytest.approx(weight @ (20 + np.arange(12) % 4))
    assert theft.exposure["c00"] == pytest.approx(weight.sum() * 400 / 4)
    assert theft.dispersion.eq(2.0).all()
    for group, cells in (("theft", 1), ("total", 4)):
        told = np.broadcast_to(found[group].rounded_cells, 9)
        assert told == pytest.approx([weight.sum() * cells if slack else 0.0] * 9)


@pytest.mark.parametrize(("slack", "cells"), [(0, [0.0] * 5), (2, [1.0] * 4 + [4.0])])
def test_the_model_of_all_quarters_is_told_what_was_rounded_and_all_that_is_beside(
    monkeypatch, slack, cells
):
    known = pd.Series(0.5, QUARTERS[-2:-1])
    programme = pd.DataFrame(0.0, AREAS, QUARTERS)
    traits = pd.DataFrame({"x": np.arange(9.0)}, AREAS)
    one = past(slack=slack, recorded=known, programme=programme, traits=traits)
    asked = []

    def fitted(counts, *_, rounded_cells, beside, **__):
        asked.append((counts, rounded_cells, beside))
        none = pd.DataFrame()
        return None if len(asked) == 2 else Surface(none, none, "space_time")

    monkeypatch.setattr(module, "fit_surface_in_time", fitted)
    counts = discounted_counts(one, dispersion(one))
    found = surfaces_in_time(one, counts, NEAR, rng=np.random.default_rng(1))

    # A group that has no such model has no such surface.
    assert list(found) == ["violence", "theft", "other", "total"]
    assert [told for _, told, _ in asked] == cells
    for (table, _, beside), group in zip(asked, GROUPS, strict=True):
        assert table.equals(one.quarters(group))
        assert (beside.others is None) == (group == "total")
        assert beside.recorded is known
        assert beside.programme is programme
        assert beside.traits is traits


def test_the_pattern_beside_a_group_is_that_of_all_the_others(monkeypatch):
    one, asked = past(slack=2), []
    monkeypatch.setattr(module, "fit_surface_in_time", lambda *_, **__: None)
    monkeypatch.setattr(module, "pattern_of_others", lambda *pair: asked.append(pair))
    counts = discounted_counts(one, dispersion(one))

    assert surfaces_in_time(one, counts, NEAR, rng=np.random.default_rng(1)) == {}

    own, others = asked[2]
    theft, total = counts["theft"], counts["total"]
    rest = module.NoisyCounts(
        sum(counts[group].events for group in ("violence", "robbery", "other")),
        total.exposure,
        total.dispersion,
        3 * theft.rounded_cells,
    )
    for found, expected in ((own, theft.effective()), (others, rest.effective())):
        for one_of, as_told in zip(found, expected, strict=True):
            assert one_of.to_numpy() == pytest.approx(as_told.to_numpy())


def test_each_group_has_its_surface_by_the_best_method_there_is():
    one = past()
    counts = discounted_counts(one, dispersion(one))

    alone = surface_of_each_group(counts, None, rng=np.random.default_rng(1))
    mapped = surface_of_each_group(counts, NEAR, rng=np.random.default_rng(1))

    assert list(alone) == list(mapped) == list(GROUPS)
    assert {told.method for told in alone.values()} == {"gamma_poisson"}
    assert {told.method for told in mapped.values()} == {"bym2"}
