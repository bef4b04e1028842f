"""Probable crime of colonias with few case files, in both editions, where the truth is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labtools.analysis.reporting import ReportingPrior
from labtools.tables import vocabulary as words
from labtools.workflow.city_dark_figure import municipality_dark_figure_table
from labtools.workflow.dark_figure import (
    Reported,
    dark_figure_table,
    probable_crimes,
    probable_rates,
)

NAMES = pd.Index([f"c{k:03d}" for k in range(300)])
SETTINGS = SimpleNamespace(lab=SimpleNamespace(seed=5))
RECORDED, DRAWS = 0.25, 400
ALL = (*words.GROUPS, words.TOTAL)


@pytest.fixture(scope="module")
def city():
    """Return crimes, case files, those files rounded, and draws of what a model believes."""
    rng = np.random.default_rng(3)
    shape = (len(NAMES), len(words.GROUPS))
    level = rng.gamma(1.0, 1.0, shape)
    quarters = rng.poisson(level / 4, (4, *shape))
    hidden = rng.poisson(level * (1 - RECORDED) / RECORDED)
    rounded = 3 * (quarters // 3) + 3 * (rng.random(quarters.shape) < quarters % 3 / 3)
    files = quarters.sum(axis=0)
    # The model is right: it knows the law of the levels, and in the internal edition the files.
    internal = rng.gamma(1.0 + files, 0.5, (DRAWS, *shape))
    public = rng.gamma(1.0, 1.0, (DRAWS, *shape))
    return {
        "crimes": files + hidden,
        "internal": (files, internal),
        "public": (rounded.sum(axis=0), public),
    }


def made_of(city, edition, recorded=None):
    counts, level = city[edition]
    counts = np.column_stack([counts, counts.sum(axis=1)])
    crime = pd.DataFrame(counts, NAMES, list(ALL)).rename_axis("colonia_id")
    crime = crime.reset_index().melt("colonia_id", var_name="group", value_name="events")
    crime = crime.assign(person_years=1_000.0, smoothed=1.0, state=words.SHOWN)
    rates = np.dstack([level, level.sum(axis=2)]) / 1_000
    draws = {group: pd.DataFrame(rates[:, :, k], columns=NAMES) for k, group in enumerate(ALL)}
    sure = dict.fromkeys(words.GROUPS, (0.0, 1e-9))
    prior = ReportingPrior(0.75, 0.7, 0.8, 0.3, sure)
    reported = Reported(
        pd.DataFrame(RECORDED if recorded is None else recorded, range(DRAWS), NAMES),
        prior,
        pd.Series("model", NAMES),
        pd.DataFrame(0.0, NAMES, list(ALL)),
    )
    told = SimpleNamespace(is_public=edition == "public")
    parts = probable_crimes(crime, draws, reported, told, SETTINGS)
    return crime, draws, reported, told, parts


def table_of(city, edition):
    crime, draws, reported, _, parts = made_of(city, edition)
    table = dark_figure_table(crime, parts, reported)
    return table, probable_rates(draws[words.TOTAL], reported)


def city_of(city, edition, *, unplaced=1, recorded=None):
    crime, _, reported, told, parts = made_of(city, edition, recorded)
    whole = crime.groupby("group")["events"].sum() * unplaced
    municipality = whole.rename("now").reset_index()
    table = municipality_dark_figure_table(municipality, parts, reported, told, SETTINGS)
    return table.set_index("group")


@pytest.mark.parametrize("edition", ["internal", "public"])
def test_colonias_with_few_files_have_the_crimes_that_happened_and_no_phantoms(city, edition):
    table, _ = table_of(city, edition)

    total = table[table["group"] == words.TOTAL].set_index("colonia_id").loc[NAMES]
    crimes = pd.Series(city["crimes"].sum(axis=1), NAMES)
    held = (total["lower"] <= crimes) & (crimes <= total["upper"])
    assert held.mean() >= 0.93
    # A median lies above the truth as often as below. Every number of crimes taken for as likely
    # would add 4 * 3 = 12 to the 16 of each, and lie above nearly everywhere.
    above, level = (total["probable"] > crimes).mean(), (total["probable"] == crimes).mean()
    assert above + level / 2 == pytest.approx(0.5, abs=0.07)


def test_the_probable_rate_is_the_one_that_is_set_beside_fear(city):
    table, rates = table_of(city, "internal")

    total = table[table["group"] == words.TOTAL].set_index("colonia_id")
    beside = rates.quantile([0.025, 0.5, 0.975]).round(4)
    shown = total.loc[NAMES, ["rate_lower", "rate", "rate_upper"]].to_numpy().T
    assert np.allclose(shown, 1_000 * beside, atol=0.11)


@pytest.mark.parametrize("edition", ["internal", "public"])
def test_the_city_has_the_crimes_that_happened_where_medians_of_colonias_add_up_to_fewer(
    city, edition
):
    whole = city_of(city, edition)
    by_colonia = table_of(city, edition)[0].groupby("group")["probable"].sum()

    crimes = pd.Series(city["crimes"].sum(axis=0), list(words.GROUPS))
    crimes[words.TOTAL] = crimes.sum()
    told = whole.loc[crimes.index]
    # About 4,800 crimes, known to 1.5 %: half of a colonia's crimes of one group are zero or one.
    assert ((told["lower"] <= crimes) & (crimes <= told["upper"])).all()
    assert whole.loc["total", "probable"] == pytest.approx(crimes["total"], rel=0.04)
    assert (by_colonia[list(words.GROUPS)] < 0.97 * whole.loc[list(words.GROUPS), "probable"]).all()


def test_files_without_a_colonia_stand_for_as_many_crimes_as_the_others(city):
    placed, counted = city_of(city, "internal"), city_of(city, "internal", unplaced=2)

    assert counted.loc["total", "events"] == 2 * placed.loc["total", "events"]
    assert counted.loc["total", "probable"] == pytest.approx(
        2 * placed.loc["total", "probable"], rel=0.001
    )


def test_the_doubt_about_reporting_that_colonias_share_does_not_shrink_in_their_sum(city):
    shared = np.repeat(np.linspace(0.15, 0.35, DRAWS)[:, None], len(NAMES), axis=1)
    one = city_of(city, "internal", recorded=shared).loc["total"]

    files = float(one["events"])
    # 95 % of draws of reporting lie between 0.155 and 0.345; chance adds but little to 5,000.
    assert one["lower"] == pytest.approx(files / 0.345, rel=0.06)
    assert one["upper"] == pytest.approx(files / 0.155, rel=0.06)
    assert one[["reporting_lower", "reporting_upper"]].tolist() == pytest.approx(
        [0.155, 0.345], abs=0.02
    )
