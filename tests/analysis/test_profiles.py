import numpy as np
import pandas as pd
import pytest

from labtools.analysis.profiles import (
    Noise,
    change_table,
    crime_table,
    dispersion_table,
    place_table,
    series_table,
)
from labtools.analysis.risk.past import Past, discounted_counts, surface_of_each_group
from labtools.privacy.release import ROUNDING_SLACK, ROUNDING_VARIANCE, protect_quarters
from labtools.tables import vocabulary as words
from labtools.tables.periods import Window

COLONIAS = pd.Index([f"c{i:03d}" for i in range(150)])
QUARTERS = pd.date_range("2023-01-01", periods=12, freq="QS").as_unit("us")
WINDOW = Window(QUARTERS[4], QUARTERS[8], QUARTERS[11] + pd.DateOffset(months=3))
WITHHELD = frozenset({"c003"})
MUNICIPALITY = pd.Series(20.0, index=[*words.GROUPS, words.TOTAL])


@pytest.fixture(scope="module")
def population():
    people = pd.Series(np.random.default_rng(1).lognormal(7.5, 0.6, 150).round(), COLONIAS)
    people["c001"] = 0.0
    return people


@pytest.fixture(scope="module")
def quarters(population):
    """True counts: c000 has no crime at all, c002 is not covered in one quarter."""
    rng = np.random.default_rng(2)
    cells = pd.MultiIndex.from_product(
        [COLONIAS, QUARTERS, words.GROUPS], names=["colonia_id", "quarter", "group"]
    ).to_frame(index=False)
    mean = cells["colonia_id"].map(population * 0.002 * rng.gamma(4, 0.25, 150))
    table = cells.assign(
        events=pd.array(rng.poisson(mean), dtype="Int64"), state=words.SHOWN
    ).astype({"state": "str"})
    table.loc[table["colonia_id"] == "c000", "events"] = 0
    gap = (table["colonia_id"] == "c002") & (table["quarter"] == QUARTERS[9])
    return table[~gap].reset_index(drop=True)


@pytest.fixture(scope="module")
def true_series(quarters):
    return series_table(quarters, COLONIAS, slack=0)


@pytest.fixture(scope="module")
def public_series(quarters):
    protected = protect_quarters(quarters, WITHHELD, key=b"k" * 32)
    return series_table(protected, COLONIAS, slack=ROUNDING_SLACK)


def spread(series, variance):
    colonias = pd.Index(series["colonia_id"].unique())
    return dispersion_table(series, WINDOW, colonias, noise_variance=variance)


def noise_of(series, slack):
    variance = ROUNDING_VARIANCE if slack else 0.0
    return Noise(spread(series, variance), variance, slack)


def surfaces_of(series, people, slack=0, neighbours=None):
    noise = noise_of(series, slack)
    counts = discounted_counts(Past(series, people, WINDOW, slack), noise.dispersion)
    return surface_of_each_group(counts, neighbours, rng=np.random.default_rng(3))


def crime_of(series, people, rate=MUNICIPALITY, slack=0):
    surfaces = surfaces_of(series, people, slack)
    noise = noise_of(series, slack)
    return crime_table(series, people, WINDOW, rate, surfaces=surfaces, noise=noise)


def change_of(series, slack=0):
    return change_table(series, WINDOW, COLONIAS, noise=noise_of(series, slack))


def place_of(crime, series, people, slack=0):
    return place_table(crime, surfaces=surfaces_of(series, people, slack))


@pytest.fixture(scope="module")
def true_crime(true_series, population):
    return crime_of(true_series, population)


@pytest.fixture(scope="module")
def public_crime(public_series, population):
    return crime_of(public_series, population, slack=ROUNDING_SLACK)


def of(table, colonia, group=words.TOTAL):
    return table[(table["colonia_id"] == colonia) & (table["group"] == group)]


def test_every_colonia_quarter_and_group_has_a_row_and_the_total_is_their_sum(true_series):
    wide = true_series.pivot_table(
        index=["colonia_id", "quarter"], columns="group", values="events", dropna=False
    )

    assert len(true_series) == 150 * 12 * 5
    summed = wide[list(words.GROUPS)].sum(axis=1, min_count=4)
    pd.testing.assert_series_equal(
        wide[words.TOTAL].astype(float), summed.astype(float), check_names=False
    )


def test_zero_missing_and_withheld_are_three_different_things(public_series, public_crime):
    zero, missing, withheld = (
        of(public_series, c)[["quarter", "events", "state"]].set_index("quarter").loc[QUARTERS[9]]
        for c in ("c000", "c002", "c003")
    )

    assert (zero["events"], zero["state"]) == (0, "shown")
    assert (missing["events"] is pd.NA, missing["state"]) == (True, "missing")
    assert (withheld["events"] is pd.NA, withheld["state"]) == (True, "suppressed")
    states = [of(public_crime, c)["state"].iloc[0] for c in ("c000", "c002", "c003")]
    assert states == ["shown", "missing", "suppressed"]


def test_twelve_months_with_a_quarter_unknown_are_unknown_not_nine_months(true_crime):
    row = of(true_crime, "c002").iloc[0]

    figures = ["events", "events_low", "events_high", "rate", "lower", "upper", "smoothed"]
    assert row[figures].isna().all()
    assert row["versus_municipality"] == "unknown"


def test_internal_counts_have_no_range(true_series, true_crime):
    for table in (true_series, true_crime):
        known = table[table["events"].notna()]
        assert (known["events_low"] == known["events"]).all()
        assert (known["events_high"] == known["events"]).all()


def test_the_range_of_one_rounded_count_always_holds_the_true_one(true_series, public_series):
    groups = true_series["group"] != words.TOTAL
    both = true_series[groups].merge(
        public_series[groups], on=["colonia_id", "quarter", "group"], suffixes=("", "_public")
    )
    both = both[both["events_public"].notna()]

    assert both["events"].between(both["events_low_public"], both["events_high_public"]).all()
    assert (both["events_high_public"] - both["events_public"]).unique().tolist() == [2]


def test_the_range_of_a_sum_of_rounded_counts_holds_the_true_one_95_times_in_100(
    true_crime, public_crime
):
    both = true_crime.merge(public_crime, on=["colonia_id", "group"], suffixes=("", "_public"))
    both = both[both["events_public"].notna()]

    held = both["events"].between(both["events_low_public"], both["events_high_public"])

    assert len(held) == 148 * 5
    assert held.mean() >= 0.95
    # Four quarters of one group: 1.96 sd of 4 × 4/3, whole; the total has sixteen such cells.
    reach = (both["events_high_public"] - both["events_public"]).groupby(both["group"]).unique()
    assert {group: list(width) for group, width in reach.items()} == {
        **{group: [5] for group in words.GROUPS},
        words.TOTAL: [10],
    }


def test_public_intervals_are_wider_than_internal_ones_and_agree_with_them(
    true_crime, public_crime
):
    both = true_crime.merge(public_crime, on=["colonia_id", "group"], suffixes=("", "_public"))
    both = both[both["rate_public"].notna()]

    for low, high in (("lower", "upper"), ("smoothed_lower", "smoothed_upper")):
        true_width = both[high] - both[low]
        public_width = both[f"{high}_public"] - both[f"{low}_public"]
        assert (public_width > true_width).mean() > 0.97
        overlap = (both[low] <= both[f"{high}_public"]) & (both[f"{low}_public"] <= both[high])
        assert overlap.all()


def test_the_rate_is_events_by_thousand_people_and_nobody_means_no_rate(true_crime, population):
    row, nobody = of(true_crime, "c010").iloc[0], of(true_crime, "c001").iloc[0]

    assert row["rate"] == pytest.approx(row["events"] / population["c010"] * 1_000)
    assert row["lower"] < row["rate"] < row["upper"]
    assert nobody[["rate", "lower", "upper", "smoothed"]].isna().all()
    assert nobody["events"] == 0


def test_a_colonia_differs_from_the_municipality_only_beyond_its_interval(true_crime):
    known = true_crime[true_crime["smoothed"].notna()]

    above = known["smoothed_lower"] > known["municipality_rate"]
    below = known["smoothed_upper"] < known["municipality_rate"]
    expected = np.select([above, below], ["above", "below"], "similar")
    assert (known["versus_municipality"] == expected).all()
    assert set(expected) == {"above", "below", "similar"}


def test_colonias_that_do_not_differ_are_all_similar_to_the_municipality(population):
    # The rounded count of the municipality is not exactly the sum of the colonias' counts.
    people = population.where(population > 0, 900.0)
    cells = pd.MultiIndex.from_product(
        [COLONIAS, QUARTERS, words.GROUPS], names=["colonia_id", "quarter", "group"]
    ).to_frame(index=False)
    even = cells.assign(
        events=(cells["colonia_id"].map(people) * 0.01).round().astype("Int64"), state="shown"
    )
    rate = pd.Series([40.1] * 4 + [160.4], index=[*words.GROUPS, words.TOTAL])

    crime = crime_of(series_table(even, COLONIAS, slack=0), people, rate)

    assert set(crime["versus_municipality"]) == {"similar"}


def test_the_change_of_a_withheld_colonia_is_unknown_and_its_counts_are_empty(public_series):
    change = change_of(public_series, ROUNDING_SLACK)

    rows = change[change["colonia_id"] == "c003"]
    assert set(rows["verdict"]) == {"unknown"}
    assert set(rows["state"]) == {"suppressed"}
    figures = ["before", "now", "ratio", "lower", "upper", "q_value"]
    assert rows[figures].isna().all(axis=None)


def test_a_city_where_nothing_changed_has_hardly_a_verdict_of_change_in_either_edition(
    true_series, public_series
):
    for series, slack in ((true_series, 0), (public_series, ROUNDING_SLACK)):
        change = change_of(series, slack)

        # Each of the five groups may raise one false alarm in twenty such cities.
        assert change["verdict"].isin(["increase", "decrease"]).sum() <= 1
        windows = (series["quarter"] >= WINDOW.start) & (series["colonia_id"] == "c010")
        now = series[windows & (series["group"] == "theft")]["events"].sum()
        assert of(change, "c010", "theft")["now"].iloc[0] == now


def test_a_colonia_where_crime_tripled_is_the_one_told(quarters):
    risen = quarters.copy()
    recent = (risen["colonia_id"] == "c020") & (risen["quarter"] >= WINDOW.start)
    risen.loc[recent, "events"] = risen.loc[recent, "events"] * 3 + 10

    series = series_table(risen, COLONIAS, slack=0)
    change = change_of(series)

    changed = change[change["verdict"] != "none"].query("verdict != 'unknown'")
    assert set(changed["colonia_id"]) == {"c020"}
    assert set(changed["verdict"]) == {"increase"}


def test_places_are_intervals_wider_in_the_public_edition(
    true_crime, public_crime, true_series, public_series, population
):
    true_place = place_of(true_crime, true_series, population)
    public_place = place_of(public_crime, public_series, population, slack=ROUNDING_SLACK)

    def width(table):
        return (table["upper_share"] - table["lower_share"]).groupby(table["group"]).mean()

    assert (width(public_place) > width(true_place)).all()
    assert of(true_place, "c010")["colonias"].iloc[0] == 148
    assert of(public_place, "c003")[["lower_share", "upper_share"]].isna().all(axis=None)


def test_the_same_seed_gives_the_same_places(public_crime, public_series, population):
    first, second = (
        place_of(public_crime, public_series, population, slack=ROUNDING_SLACK) for _ in range(2)
    )

    pd.testing.assert_frame_equal(first, second)


def test_a_municipality_of_four_colonias_has_rates_but_no_smoothing_and_no_places():
    few = COLONIAS[10:14]
    cells = pd.MultiIndex.from_product(
        [few, QUARTERS, words.GROUPS], names=["colonia_id", "quarter", "group"]
    ).to_frame(index=False)
    quarters = cells.assign(events=pd.array([4] * len(cells), dtype="Int64"), state="shown")
    people = pd.Series(1_000.0, index=few)

    series = series_table(quarters, few, slack=0)
    crime = crime_of(series, people)
    place = place_of(crime, series, people)

    assert (crime.loc[crime["group"] == "theft", "rate"] == 16).all()
    assert crime["smoothed"].isna().all()
    assert set(crime["versus_municipality"]) == {"unknown"}
    assert place["lower_share"].isna().all()


def test_a_change_or_a_place_without_any_figure_is_missing_and_not_shown(true_series, population):
    one_year = true_series[true_series["quarter"] >= QUARTERS[8]]
    nobody = population * 0.0
    crime = crime_of(one_year, nobody)

    change, place = change_of(one_year), place_of(crime, one_year, nobody)

    for table, figures in (
        (change, ["before", "now", "ratio", "lower", "upper"]),
        (place, ["lower_share", "upper_share"]),
    ):
        assert table[figures].isna().all(axis=None)
        assert set(table["state"]) == {"missing"}


def test_two_years_without_any_crime_are_shown_though_they_have_no_ratio(true_series):
    row = of(change_of(true_series), "c000").iloc[0]

    assert (row["before"], row["now"], row["state"], row["verdict"]) == (0, 0, "shown", "none")
