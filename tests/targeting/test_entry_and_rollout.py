import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.targeting.entry import compare_entries
from labtools.targeting.fairness import allocation_if_reporting_moves
from labtools.targeting.options import Options
from labtools.targeting.portfolio import Rules
from labtools.targeting.rollout import calendar, check_seal, plan_rollout

N = 60
KEYS = pd.Index([f"c{k:02d}" for k in range(N)])


def candidates(seed=0):
    """True means gamma; the last year is Poisson around them; draws are the exact posterior."""
    rng = np.random.default_rng(seed)
    true = pd.Series(rng.gamma(4, 5, N), KEYS)
    recorded = pd.Series(rng.poisson(true), KEYS)
    shape, rate = 4 + recorded, 1 + 1 / 5
    draws = pd.DataFrame(rng.gamma(shape, 1 / rate, (800, N)), columns=KEYS)
    places = pd.DataFrame({"population": 1_000.0, "borough": [f"b{k % 4}" for k in range(N)]}, KEYS)
    return true, recorded, shape / rate, draws, places


def test_the_fall_that_is_foreseen_is_the_one_that_comes_without_any_programme():
    gaps = []
    for seed in range(30):
        true, recorded, expected, draws, places = candidates(seed)
        found = compare_entries(draws, recorded, expected, places, size=10)
        chosen = list(found.chosen["count"])
        fell = 1 - true[chosen].sum() / recorded[chosen].sum()
        gaps.append((found.rules.loc["count", "fall"], fell))

    foreseen, came = np.mean(gaps, axis=0)
    assert came > 0.05
    assert foreseen == pytest.approx(came, abs=0.02)


def test_the_chance_of_being_among_those_with_most_harm_is_kept():
    kept = []
    for seed in range(60):
        true, recorded, expected, draws, places = candidates(seed)
        chance = compare_entries(draws, recorded, expected, places, size=10).candidates["chance"]
        among = true.rank(ascending=False) <= 10
        kept.append(pd.DataFrame({"chance": chance, "among": among}))
    table = pd.concat(kept)
    middle = table[table["chance"].between(0.3, 0.7)]

    assert middle["among"].mean() == pytest.approx(middle["chance"].mean(), abs=0.05)
    assert table["chance"].sum() == pytest.approx(60 * 10)


def test_every_borough_has_one_at_least():
    _, recorded, expected, draws, places = candidates()

    found = compare_entries(draws, recorded, expected, places, size=6)

    assert (found.rules["boroughs"] == 4).all()
    assert all(len(set(taken)) == 6 for taken in found.chosen.values())
    assert (found.rules["lower"] <= found.rules["captured"]).all()


def test_more_places_than_candidates_are_refused():
    _, recorded, expected, draws, places = candidates()

    with pytest.raises(AnalysisError, match="61"):
        compare_entries(draws, recorded, expected, places, size=61)


def rolled(seed=1, waves=3):
    rng = np.random.default_rng(seed)
    covariates = pd.DataFrame(rng.normal(size=(N, 3)), KEYS, ["count", "people", "poor"])
    neighbours = {key: frozenset(KEYS[max(0, k - 1) : k]) for k, key in enumerate(KEYS)}
    return plan_rollout(covariates, neighbours, waves=waves, rng=rng), covariates


def test_the_lot_is_more_even_than_lots_are_and_was_one_of_many():
    found, covariates = rolled()
    means = covariates.groupby(found.wave).mean() / covariates.std(ddof=0)

    assert found.imbalance < 0.6 * found.imbalance_of_any
    assert found.fair >= 50
    assert (means.max() - means.min()).max() == pytest.approx(found.imbalance)
    assert found.wave.value_counts().tolist() == [20, 20, 20]


def test_over_many_seeds_every_colonia_starts_first_as_often():
    first = sum((rolled(seed)[0].wave == 1).astype(int) for seed in range(60))

    assert first.sum() == 60 * 20
    assert first.between(8, 33).all()


def test_a_colonia_beside_one_that_started_before_is_a_buffer():
    found, _ = rolled()

    for k in range(1, N):
        assert found.buffer.iloc[k] == (found.wave.iloc[k - 1] < found.wave.iloc[k])


def test_a_plan_that_was_changed_after_it_was_sealed_is_refused():
    found, _ = rolled()
    wave = found.wave.copy()
    wave.iloc[0] = wave.iloc[0] % 3 + 1

    check_seal(found)
    with pytest.raises(AnalysisError, match=found.seal[:12]):
        check_seal(dataclasses.replace(found, wave=wave))


def test_the_calendar_tells_each_agency_where_and_from_when():
    found, _ = rolled()
    actions = pd.DataFrame({"colonia_id": KEYS, "intervention": "lights", "agency": "works"})

    table = calendar(found, actions, start=date(2027, 1, 1), months_between=6)

    by_wave = table.groupby("wave")["starts_on"].unique().explode()
    assert by_wave.dt.strftime("%Y-%m").to_dict() == {1: "2027-01", 2: "2027-07", 3: "2028-01"}
    assert len(table) == N
    told = table.set_index("colonia_id")["buffer"]
    assert told.equals(found.buffer.loc[told.index].rename_axis("colonia_id"))


def test_a_later_wave_keeps_colonias_that_touch_none_of_an_earlier_one():
    """Twelve in a ring: a lot by halves often leaves none of the second away from the first."""
    keys = pd.Index([f"c{k}" for k in range(12)])
    ring = {key: frozenset({keys[k - 1], keys[(k + 1) % 12]}) for k, key in enumerate(keys)}
    covariates = pd.DataFrame({"count": np.arange(12.0)}, keys)

    for seed in range(8):
        rng = np.random.default_rng(seed)
        found = plan_rollout(covariates, ring, waves=2, rng=rng, fewest=3, tries=400)
        second = found.wave[found.wave == 2].index
        away = [key for key in second if all(found.wave[near] == 2 for near in ring[key])]
        assert found.spare == len(away) >= 3
        assert found.buffer[second].sum() == len(second) - len(away)


def test_colonias_that_all_touch_leave_no_comparison_and_are_refused():
    keys = pd.Index([f"c{k}" for k in range(8)])
    all_ = {key: frozenset(keys) - {key} for key in keys}
    covariates = pd.DataFrame({"count": np.arange(8.0)}, keys)

    with pytest.raises(AnalysisError, match="2"):
        plan_rollout(covariates, all_, waves=2, rng=np.random.default_rng(1))


@pytest.mark.parametrize("waves", [1, 40])
def test_waves_that_colonias_cannot_fill_are_refused(waves):
    with pytest.raises(AnalysisError, match="60"):
        rolled(waves=waves)


def test_if_the_most_marginal_report_less_more_of_the_money_goes_there():
    rng = np.random.default_rng(3)
    grades = np.repeat(["1", "2", "3", "4", "5"], 20)
    table = pd.DataFrame(
        {
            "colonia_id": [f"c{k}" for k in range(100)],
            "intervention": "lights",
            "agency": "works",
            "cost": 1.0,
            "borough": "b",
            "grade": grades,
        }
    )
    options = Options(table, rng.gamma(5, 1, (1, 100)) * np.ones((30, 1)))
    people = pd.Series(1_000.0, ["1", "2", "3", "4", "5"])

    found = allocation_if_reporting_moves(options, Rules(30.0), people)

    last = found[found["grade"] == "5"].set_index("shift")["share"]
    assert last[-0.2] > last[0.0] > last[0.2]
    assert found.groupby("shift")["cost"].sum().tolist() == [30.0] * 3
    assert found["per_resident"].max() <= 0.03
