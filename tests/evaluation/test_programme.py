"""The cells of a design, and a programme whose effect is known."""

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.counts import BESIDE, imputed_effects
from labtools.evaluation.programme import (
    ALL,
    BESIDE_BEFORE,
    Enrolment,
    alike_in_level,
    design_cells,
    moved_alike,
    programme_effect,
    with_others_as_high,
)
from labtools.evaluation.protocol import Protocol
from labtools.evaluation.verdict import times_more, verdict_on_change
from tests.evaluation.protocols import PROTOCOL

QUARTERS = pd.date_range("2020-01-01", periods=24, freq="QS")
PLACES = [f"c{i:03d}" for i in range(120)]


def protocol(**units):
    told = tomllib.loads(PROTOCOL)
    told["units"] = {**told["units"], **units}
    return Protocol.model_validate(told)


def line_of_places():
    """Places in a row: each borders the one before and the one after."""
    near = np.abs(np.subtract.outer(np.arange(120), np.arange(120))) == 1
    return pd.DataFrame(near, PLACES, PLACES)


def enrolment(entered):
    days = pd.Series(pd.NaT, index=PLACES, dtype="datetime64[ns]")
    days.loc[list(entered)] = pd.to_datetime(list(entered.values()))
    return Enrolment(days, days.notna(), line_of_places())


@pytest.fixture
def enrolled():
    # Ten runs of four places, eight places apart: each run has one neighbour at either end.
    return enrolment({PLACES[12 * i + j]: "2024-04-01" for i in range(10) for j in range(4)})


def frame(values):
    return pd.DataFrame(values, PLACES, QUARTERS)


def test_each_cell_is_what_the_protocol_makes_it(enrolled):
    cells = design_cells(frame(np.ones((120, 24))), enrolled, protocol())

    looked_at = (QUARTERS >= "2023-01-01") & (QUARTERS < "2024-01-01")
    assert cells.looked_at.eq(looked_at).all(axis=None)
    assert cells.inside.loc["c000"].to_list() == list(QUARTERS >= "2024-04-01")
    assert not cells.panel.used.loc["c000", QUARTERS >= "2024-04-01"].any()
    assert cells.panel.exposed.loc["c004"].to_list() == list(QUARTERS >= "2024-04-01")
    assert not cells.panel.exposed.loc["c006"].any()
    assert not cells.panel.exposed.loc["c001"].any()


def test_a_lottery_looks_at_no_records(enrolled):
    cells = design_cells(frame(np.ones((120, 24))), enrolled, protocol(chosen="by_lottery"))

    assert not cells.looked_at.any(axis=None)


def test_who_was_chosen_earlier_is_not_dropped_by_a_later_choice():
    first = {PLACES[i]: "2022-02-01" for i in range(20)}
    later = {PLACES[i]: "2024-02-01" for i in range(40, 60)}

    cells = design_cells(
        frame(np.ones((120, 24))),
        enrolment({**first, **later}),
        protocol(chosen_on=["2022-01-01", "2024-01-01"]),
    )

    in_2023 = (QUARTERS >= "2023-01-01") & (QUARTERS < "2024-01-01")
    assert not cells.looked_at.loc["c000", in_2023].any()
    assert cells.looked_at.loc["c100", in_2023].all()


def test_a_place_with_a_missing_count_is_left_out(enrolled):
    counts = frame(np.ones((120, 24)))
    counts.iloc[5, 3] = np.nan

    cells = design_cells(counts, enrolled, protocol())

    assert "c005" not in cells.panel.counts.index


def test_one_colonia_alone_is_refused_with_what_to_do_instead():
    alone = enrolment({"c003": "2024-04-01"})

    with pytest.raises(AnalysisError, match=r"alone.*together"):
        design_cells(frame(np.ones((120, 24))), alone, protocol())


def test_planted_effect_and_displacement_are_found(enrolled):
    rng = np.random.default_rng(6)
    cells = design_cells(frame(np.ones((120, 24))), enrolled, protocol())
    mean = rng.gamma(6, 5, 120)[:, None] * np.exp(
        -0.3 * cells.inside.to_numpy() + 0.2 * cells.panel.exposed.to_numpy()
    )
    cells = design_cells(frame(rng.poisson(mean)), enrolled, protocol())

    got = programme_effect(cells, line_of_places())

    effects = got.whole.effects
    assert abs(effects.loc[ALL, "log_ratio"] + 0.3) < 3 * effects.loc[ALL, "se"]
    assert abs(effects.loc[BESIDE, "log_ratio"] - 0.2) < 3 * effects.loc[BESIDE, "se"]
    assert effects.loc[ALL, "upper"] < 0
    assert got.places == 40
    assert got.compared == 80
    assert list(got.by_time.effects.index[:3]) == [0, 1, 2]


def test_before_the_entry_nothing_is_found_where_nothing_was_done(enrolled):
    rng = np.random.default_rng(9)
    mean = np.broadcast_to(rng.gamma(6, 5, 120)[:, None], (120, 24))
    cells = design_cells(frame(rng.poisson(mean)), enrolled, protocol(chosen="otherwise"))

    got = programme_effect(cells, line_of_places())

    assert got.before is not None
    row = got.before.effects.loc[ALL]
    assert abs(row["log_ratio"]) < 3 * row["se"]


def test_the_year_before_is_the_last_that_the_choice_did_not_look_at(enrolled):
    rng = np.random.default_rng(10)
    mean = np.full((120, 24), 100.0)
    chosen = enrolled.entered.notna().to_numpy()
    looked_at = (QUARTERS >= "2023-01-01") & (QUARTERS < "2024-01-01")
    mean[np.ix_(chosen, looked_at)] = 50.0
    counts = frame(rng.poisson(mean))

    got = programme_effect(design_cells(counts, enrolled, protocol()), line_of_places())

    assert got.before is not None
    row = got.before.effects.loc[ALL]
    assert abs(row["log_ratio"]) < 0.05
    # What the year before shows is told of 40 places in four quarters, none of those looked at.
    assert row["observed"] == pytest.approx(16_000, rel=0.03)


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (-20, -1, "better"),
        (1, 20, "worse"),
        (-9, 3, "too_small"),
        (-11, 3, "not_yet_known"),
        (-20, 0, "not_yet_known"),
        (float("nan"), 3, "not_yet_known"),
    ],
)
def test_a_verdict_is_given_only_where_the_interval_gives_one(lower, upper, verdict):
    assert verdict_on_change(lower, upper, worthwhile=10) == verdict


def test_an_error_twice_too_large_asks_for_four_times_the_data():
    enough = abs(np.log(0.9)) / (1.959964 + 0.841621)

    assert times_more(enough, 10, level=0.95) == pytest.approx(1, rel=1e-5)
    assert times_more(2 * enough, 10, level=0.95) == pytest.approx(4, rel=1e-5)


@pytest.mark.parametrize(("drift", "alike"), [(0.0, True), (0.05, False)])
def test_places_that_moved_apart_before_the_entry_give_no_verdict(enrolled, drift, alike):
    rng = np.random.default_rng(12)
    inside = enrolled.entered.notna().to_numpy()[:, None]
    mean = rng.gamma(6, 5, 120)[:, None] * np.exp(-drift * np.arange(24) * inside)
    cells = design_cells(frame(rng.poisson(mean)), enrolled, protocol())

    assert moved_alike(programme_effect(cells, line_of_places())) == alike


@pytest.mark.parametrize(("times", "alike"), [(1.0, True), (3.0, False)])
def test_places_of_another_level_are_no_comparison(enrolled, times, alike):
    rng = np.random.default_rng(13)
    inside = enrolled.entered.notna().to_numpy()
    mean = rng.gamma(6, 5, 120) * np.where(inside, times, 1.0)
    counts = frame(rng.poisson(np.broadcast_to(mean[:, None], (120, 24))))

    assert alike_in_level(design_cells(counts, enrolled, protocol())) == alike


def odds_of_records(rng, mean, places):
    past = np.log1p(rng.poisson(mean[:, 12:16].sum(axis=1)))
    liking = 1.2 * (past - past.mean()) / past.std() + rng.gumbel(size=120)
    return np.argsort(-liking)[:places]


def test_where_high_places_follow_a_path_of_their_own_that_is_no_effect():
    # Nothing was done; places with more events fall, as on real records, and the choice looked
    # at the records.  Without paths by level most of these would pass for an effect.
    rng = np.random.default_rng(31)
    base = rng.gamma(1.5, 30, 120)
    slope = -0.3 * (np.log1p(base) - np.log1p(base).mean())
    mean = base[:, None] * np.exp(slope[:, None] * (np.arange(24) // 4 - 3))
    p = {"paths by level": [], "one path for all": []}
    for _ in range(8):
        chosen = odds_of_records(rng, mean, 40)
        who = enrolment({PLACES[i]: "2024-04-01" for i in chosen})
        cells = design_cells(frame(rng.poisson(mean)), who, protocol())
        plain = replace(cells.panel, level=None)
        for name, panel in (("paths by level", cells.panel), ("one path for all", plain)):
            p[name].append(imputed_effects(panel, {ALL: cells.inside}).effects.loc[ALL, "p"])

    assert np.mean(np.array(p["paths by level"]) < 0.05) <= 0.2
    assert np.mean(np.array(p["one path for all"]) < 0.05) >= 0.5


def test_the_worst_of_all_have_none_as_high_to_compare_with():
    rng = np.random.default_rng(14)
    base = rng.gamma(2, 20, 120)
    worst = np.argsort(-base)[:40]
    who = enrolment({PLACES[i]: "2024-04-01" for i in worst})
    counts = frame(rng.poisson(np.broadcast_to(base[:, None], (120, 24))))

    assert not alike_in_level(design_cells(counts, who, protocol()))


@pytest.mark.parametrize(("low", "alike"), [(18, False), (24, True)])
def test_half_of_the_programme_need_others_as_high(low, alike):
    # Of 40 places, so many are of the level of the 80 others; the rest have none as high.
    inside = np.arange(40) * 3
    level = np.full(120, 40)
    level[inside[low:]] = 400
    who = enrolment({PLACES[i]: "2024-04-01" for i in inside})
    counts = frame(np.broadcast_to(level[:, None], (120, 24)).copy())

    assert alike_in_level(design_cells(counts, who, protocol())) == alike


def test_the_year_before_also_asks_the_places_beside(enrolled):
    # Places without neighbours in the programme drift away from all the others before it begins.
    rng = np.random.default_rng(16)
    far = np.array([i for i in range(120) if i % 12 not in {0, 1, 2, 3, 4, 11}])
    mean = np.full((120, 24), 60.0)
    mean[far] *= np.exp(0.05 * (np.arange(24) - 13.5))  # as high as the others in 2023
    cells = design_cells(frame(rng.poisson(mean)), enrolled, protocol())

    got = programme_effect(cells, line_of_places())

    assert got.before is not None
    assert got.before.effects.loc[BESIDE_BEFORE, "p"] < 0.05
    assert not moved_alike(got)


@pytest.mark.parametrize(("apart", "alike"), [(0.48, True), (-0.48, True), (0.52, False)])
def test_levels_half_a_standard_deviation_apart_may_be_compared_and_no_farther(apart, alike):
    # Half of the places of each group lie above and half below its mean, by as much.
    inside = np.arange(120) % 3 == 0
    above = np.where(np.arange(120) // 3 % 2 == 0, 1.0, -1.0)
    level = 3.0 + 0.2 * above
    spread = np.sqrt((level[inside].var(ddof=1) + level[~inside].var(ddof=1)) / 2)
    level = level + np.where(inside, apart * spread, 0.0)
    counts = frame(np.repeat(np.expm1(level)[:, None], 24, axis=1))
    who = enrolment({PLACES[i]: "2024-04-01" for i in np.flatnonzero(inside)})
    cells = design_cells(counts, who, protocol(chosen="by_lottery"))

    assert alike_in_level(replace(cells, panel=replace(cells.panel, level=None))) == alike


def test_ten_others_as_high_are_enough_and_an_equal_level_is_as_high():
    level = pd.Series([5.0, 6.0, 4.0, *[5.0] * 10, *[4.0] * 5])
    inside = pd.Series([True] * 3 + [False] * 15)

    assert with_others_as_high(inside, level) == pytest.approx(2 / 3)
    assert with_others_as_high(inside[level.index != 12], level.drop(12)) == pytest.approx(1 / 3)


def of_a_lottery(first, neighbours="own_effect"):
    """Cells of a lottery whose first entry is in this quarter."""
    who = enrolment(
        {PLACES[12 * i + j]: f"{QUARTERS[first]:%Y-%m-%d}" for i in range(10) for j in range(4)}
    )
    asked = protocol(chosen="by_lottery", chosen_on=["2019-12-01"])
    design = asked.design.model_copy(update={"neighbours": neighbours})
    counts = frame(np.arange(120)[:, None] + np.ones((120, 24)))
    return design_cells(counts, who, asked.model_copy(update={"design": design}))


def test_under_a_lottery_the_first_year_tells_the_level_and_compares_nothing():
    cells = of_a_lottery(8)

    used = cells.panel.used.loc["c007"].to_list()
    assert used == [False] * 4 + [True] * 20
    assert cells.panel.used.loc["c000"].to_list() == [False] * 4 + [True] * 4 + [False] * 16
    level = np.log1p(np.arange(120) + 1.0)
    assert cells.panel.level is not None
    assert cells.panel.level.to_numpy() == pytest.approx(level - level.mean())


def test_without_a_whole_year_left_or_with_neighbours_compared_no_year_tells_the_level():
    for cells in (of_a_lottery(7), of_a_lottery(8, neighbours="compared")):
        assert cells.panel.level is None
        assert cells.panel.used.loc["c007"].all()
    assert of_a_lottery(8).panel.exposed.any(axis=None)
    assert not of_a_lottery(8, neighbours="compared").panel.exposed.any(axis=None)


@pytest.mark.parametrize(("months", "waited"), [(0, 0), (1, 1), (3, 1), (4, 2)])
def test_quarters_in_which_it_may_be_awaited_compare_nothing(months, waited):
    who = enrolment({PLACES[i]: "2024-04-01" for i in range(20)})
    asked = protocol(chosen="otherwise")
    design = asked.design.model_copy(update={"anticipation_months": months})

    cells = design_cells(
        frame(np.ones((120, 24))), who, asked.model_copy(update={"design": design})
    )

    free = int(cells.panel.used.loc["c000"].to_numpy()[4:].sum()) + 4
    assert free == 17 - waited
    assert cells.since.loc["c000", QUARTERS[17]] == 0.0
    assert cells.since.loc["c000", QUARTERS[0]] == -17.0
    assert cells.since.loc["c050"].isna().all()
