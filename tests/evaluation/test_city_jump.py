import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.city_jump import CityJump, city_changes, city_jump
from labtools.evaluation.synthetic_control import synthetic_control
from labtools.messages import speaking
from labtools.narrative.city_jump import jump_sentences
from labtools.tables.vocabulary import COUNTRY

QUARTERS = pd.date_range("2019-01-01", periods=24, freq="QS")


def cities(n=30, *, jump=0.0, seed=1, quarters=1):
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(0, 0.02, (24, 3)), axis=0)
    mix = rng.dirichlet(np.ones(3), n)
    shares = 0.55 + common @ mix.T + rng.normal(0, 0.01, (24, n))
    shares[21 : 21 + quarters, 0] += jump
    names = [f"city{k:02d}" for k in range(n)]
    wide = pd.DataFrame(np.clip(shares, 0, 1), QUARTERS, names).rename_axis("quarter")
    return wide.rename_axis(columns="city").stack().rename("share").reset_index()


def test_a_jump_of_one_quarter_is_found_with_its_size_and_is_gone_afterwards():
    found = city_jump(cities(jump=0.25), "city00", QUARTERS[21])

    first = found.quarters.iloc[0]
    assert first["gap"] == pytest.approx(0.25, abs=0.04)
    assert first["p_value"] == pytest.approx(1 / 30)
    assert (found.quarters["gap"].iloc[1:].abs() < 0.06).all()
    assert found.cities == 30


@pytest.mark.parametrize(
    ("jump", "quarters", "lasted", "told"),
    [
        (0.25, 1, 1, "It lasted one quarter"),
        (0.25, 2, 2, "It lasted 2 quarters: in that which begins in October 2024"),
        (0.25, 3, 3, "stands out in each of the 3 quarters"),
        (0.0, 1, 0, "how long it lasted is not told"),
    ],
)
def test_how_long_a_jump_lasted_is_told_with_what_placebos_allow(jump, quarters, lasted, told):
    found = city_jump(cities(jump=jump, quarters=quarters), "city00", QUARTERS[21])

    assert found.lasted == lasted
    assert found.goes_on == (lasted == 3)
    with speaking("en"):
        said = jump_sentences(found.quarters, "city00", cities=found.cities, lasted=found.lasted)
    assert told in said[-1]
    assert "Of 30 cities, itself among them" in said[0]


def test_a_quarter_that_stands_out_again_later_does_not_lengthen_the_jump():
    quarters = pd.DataFrame({"p_value": [0.03, 0.04, 0.2, 0.01]}, index=QUARTERS[-4:])
    found = CityJump(quarters, quarters, pd.Series(dtype=float), 0.01, 40)

    assert found.lasted == 2
    assert not found.goes_on


def test_the_mean_of_the_country_is_neither_donor_nor_placebo():
    shares = cities(jump=0.25)
    mean = shares.groupby("quarter", as_index=False)["share"].mean().assign(city=COUNTRY)

    found = city_jump(pd.concat([shares, mean]), "city00", QUARTERS[21])

    pd.testing.assert_frame_equal(
        found.quarters, city_jump(shares, "city00", QUARTERS[21]).quarters
    )
    assert COUNTRY not in found.weights.index
    assert found.cities == 30


def test_where_nothing_jumped_the_placebos_are_as_far_apart():
    ranks = [
        city_jump(cities(seed=seed), "city00", QUARTERS[21]).quarters["p_value"].iloc[0]
        for seed in range(8)
    ]

    assert np.mean(np.array(ranks) <= 1 / 30) <= 0.25
    assert np.mean(ranks) > 0.2


def test_a_single_city_has_no_twin_and_that_is_said():
    alone = cities().query("city == 'city00'")

    with pytest.raises(AnalysisError, match="at least 20 cities"):
        city_jump(alone, "city00", QUARTERS[21])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("jump", [0.0, 0.05, 0.25])
def test_the_citys_own_part_leaves_out_nil_where_and_only_where_its_rank_tells_it_apart(jump, seed):
    found = city_jump(cities(jump=jump, seed=seed), "city00", QUARTERS[21]).quarters

    leaves_out = (found["lower"] > 0) | (found["upper"] < 0)
    assert (leaves_out == (found["p_value"] <= 0.05)).all()


def test_the_citys_own_part_holds_what_was_planted_in_most_cities():
    held = []
    for seed in range(20):
        first = city_jump(cities(20, jump=0.2, seed=seed), "city00", QUARTERS[21]).quarters.iloc[0]
        held.append(first["lower"] <= 0.2 <= first["upper"])

    # A rank among 20 cities: nineteen in twenty, give or take twice the chance of 20 trials.
    assert np.mean(held) >= 0.85


def test_the_mix_is_told_for_every_quarter_and_parts_from_the_city_by_its_gap():
    found = city_jump(cities(jump=0.25), "city00", QUARTERS[21])

    assert list(found.path.index) == list(QUARTERS)
    later = found.path.loc[QUARTERS[21] :]
    assert np.allclose(later["share"] - later["twin"], found.quarters["gap"])


def test_a_change_is_told_of_quarters_that_follow_each_other_and_of_no_others():
    rows = pd.DataFrame(
        {
            "city": "Example",
            "quarter": QUARTERS[[0, 1, 2, 4, 5]],
            "share": [0.4, 0.41, 0.7, 0.4, 0.2],
            "cv": [0.05, 0.05, 0.05, 0.05, None],
        }
    )

    told = city_changes(rows, "Example").set_index("quarter")

    assert list(told["verdict"]) == ["unknown", "none", "increase", "unknown", "unknown"]
    # 0.29 with 1.96 sqrt(0.0205^2 + 0.035^2)
    jump = told.loc[QUARTERS[2]]
    assert jump["change"] == pytest.approx(0.29)
    assert jump["change_lower"] == pytest.approx(0.29 - 1.96 * np.hypot(0.0205, 0.035))
    assert jump["change_upper"] == pytest.approx(0.29 + 1.96 * np.hypot(0.0205, 0.035))
    assert told.loc[QUARTERS[0], "lower"] == pytest.approx(0.4 - 1.96 * 0.02)
    assert told.loc[QUARTERS[0], "upper"] == pytest.approx(0.4 + 1.96 * 0.02)
    assert told.loc[[QUARTERS[4], QUARTERS[5]], "change"].isna().all()


def test_twenty_cities_are_enough_and_nineteen_are_not_and_how_many_is_told():
    assert city_jump(cities(20), "city00", QUARTERS[21]).cities == 20
    with pytest.raises(AnalysisError, match=r"at least 20 cities .* there are 19"):
        city_jump(cities(19), "city00", QUARTERS[21])


def test_a_city_unknown_or_asked_of_an_unknown_quarter_is_refused():
    for city, start in (("elsewhere", QUARTERS[21]), ("city00", pd.Timestamp("2024-05-01"))):
        with pytest.raises(AnalysisError, match=f"The jump of {city}"):
            city_jump(cities(), city, start)


def test_quarters_that_the_city_itself_lacks_are_asked_of_nobody():
    shares = cities(jump=0.25)
    lacking = shares[(shares["city"] != "city00") | (shares["quarter"] != QUARTERS[5])]
    holed = lacking[(lacking["city"] != "city07") | (lacking["quarter"] != QUARTERS[9])]

    found = city_jump(holed, "city00", QUARTERS[21])

    assert QUARTERS[5] not in found.path.index
    assert len(found.path) == 23
    assert found.cities == 29
    assert "city07" not in found.weights.index


def test_of_twenty_cities_the_farthest_placebo_is_the_limit_and_of_forty_the_second():
    for n, rank in ((20, 1), (39, 1), (40, 2)):
        shares = cities(n)
        wide = shares.pivot(index="quarter", columns="city", values="share")
        gaps = {name: synthetic_control(wide, name, QUARTERS[21]) for name in wide}
        scaled = [abs(one.gaps.iloc[21]) / one.before_rmse for one in gaps.values()]

        first = city_jump(shares, "city00", QUARTERS[21]).quarters.iloc[0]

        # Nineteen in twenty placebos: one of 20 or more, two of 40, itself counted in.
        reach = sorted(scaled[1:])[-rank] * gaps["city00"].before_rmse
        assert first["upper"] - first["gap"] == pytest.approx(reach)
        assert first["gap"] - first["lower"] == pytest.approx(reach)
        assert first["p_value"] == pytest.approx(np.mean(np.array(scaled) >= scaled[0]))


def test_limits_of_a_share_stay_between_none_and_all_and_a_fall_is_a_decrease():
    rows = pd.DataFrame(
        {
            "city": "Example",
            "quarter": QUARTERS[[0, 1]],
            "share": [0.98, 0.02],
            "cv": [0.1, 0.9],
        }
    )

    told = city_changes(rows, "Example").set_index("quarter")

    assert told["verdict"].to_list() == ["unknown", "decrease"]
    assert told["upper"].iloc[0] == 1.0
    assert told["lower"].iloc[1] == 0.0
