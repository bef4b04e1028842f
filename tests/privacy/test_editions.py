"""Four editions of a small municipality, published as the workbench does, and planted leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.privacy import editions
from labtools.privacy.editions import PublishedEdition, _cells, attack_editions
from labtools.privacy.release import protect_months, protect_quarters
from labtools.privacy.years import protect_years, years_table
from labtools.tables import vocabulary as words

COLONIAS = [f"c{i}" for i in range(8)]
WITHHELD = frozenset({"c7"})
MONTHS = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
KEY = b"k" * 32
POPULATION = 2_000.0


def municipality(seed=1) -> pd.DataFrame:
    full = pd.MultiIndex.from_product(
        [COLONIAS, MONTHS, words.GROUPS], names=["colonia_id", "month", "group"]
    ).to_frame(index=False)
    counts = np.random.default_rng(seed).poisson(0.7, len(full))
    return full.assign(events=pd.array(counts, dtype="Int64"))


def with_total(table, keys, column="events"):
    total = table.groupby(keys, as_index=False)[column].agg(lambda f: f.sum(skipna=False))
    return pd.concat([table, total.assign(group=words.TOTAL)], ignore_index=True)


def summed(table, keys, start, end, period):
    inside = table[(table[period] >= start) & (table[period] < end)]
    return inside.groupby(keys)["events"].agg(lambda f: f.sum(skipna=False))


def edition(counts, end, *, key=KEY, inputs="a", protected=True) -> PublishedEdition:
    """Return an edition whose twelve months end before `end`."""
    end = pd.Timestamp(end)
    start, before = end - pd.DateOffset(years=1), end - pd.DateOffset(years=2)
    counts = counts[counts["month"] < end]
    quarter = counts["month"].dt.to_period("Q").dt.start_time.rename("quarter")
    keys = ["colonia_id", "quarter", "group"]
    quarters = counts.groupby([counts["colonia_id"], quarter, counts["group"]])["events"].sum()
    public = quarters.reset_index().assign(state="shown")
    years = years_table(public)
    if protected:
        true, public = public, protect_quarters(public, WITHHELD, key=key)
        years = protect_years(true, public, WITHHELD, key=key)
    series = with_total(public[[*keys, "events"]], ["colonia_id", "quarter"])
    months = counts.groupby(["month", "group"], as_index=False)["events"].sum()
    city = with_total(protect_months(months, key=key), ["month"])
    of = ["colonia_id", "group"]
    crime = summed(series, of, start, end, "quarter").reset_index()
    crime = crime.assign(person_years=POPULATION, rate=crime["events"] / POPULATION * 1_000)
    change = crime[of].assign(
        now=crime["events"], before=summed(series, of, before, start, "quarter").to_numpy()
    )
    whole = pd.DataFrame(
        {
            "now": summed(city, "group", start, end, "month"),
            "before": summed(city, "group", before, start, "month"),
        }
    ).reset_index()
    period = pd.DataFrame({"before_start": [before], "window_start": start, "window_end": end})
    tables = {
        "series": series,
        "crime": crime,
        "change": change,
        "years": years,
        "municipality_series": city,
        "municipality_crime": whole,
        "period": period,
    }
    return PublishedEdition(f"{end:%Y-%m}", tables, inputs)


ENDS = ("2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01")
COUNTS = municipality()


def planted(table, change) -> PublishedEdition:
    last = edition(COUNTS, ENDS[-1])
    return replace(last, tables={**last.tables, table: change(last.tables[table].copy())})


def true_sums(table, by):
    """Return the true counts behind a table of the last edition."""
    inside = COUNTS[COUNTS["month"] >= "2025-01-01"].copy()
    inside["quarter"] = inside["month"].dt.to_period("Q").dt.start_time
    every = pd.concat([inside, inside.assign(group=words.TOTAL)])
    return table[by].merge(every.groupby(by)["events"].sum().reset_index(), on=by, how="left")[
        "events"
    ]


def years_of(counts, years):
    """Return the true counts behind a table of years."""
    year = counts["month"].dt.to_period("Y").dt.start_time.rename("year")
    true = counts.groupby(["colonia_id", year])["events"].sum()
    found = true.reindex(pd.MultiIndex.from_frame(years[["colonia_id", "year"]]))
    return pd.Series(found.to_numpy(), index=years.index).where(years["events"].notna())


def test_four_successive_editions_give_no_count_away():
    found = attack_editions([edition(COUNTS, end) for end in ENDS])

    quarters = len(COLONIAS) * len(words.GROUPS) * 12
    assert found.confidential.sum() == quarters
    assert (found.exact, found.narrow) == (0, 0)


def test_what_the_attack_finds_possible_holds_the_truth():
    found = attack_editions([edition(COUNTS, end) for end in ENDS]).frame()

    true = COUNTS.assign(quarter=COUNTS["month"].dt.to_period("Q").dt.start_time)
    true = true.groupby(["colonia_id", "quarter", "group"])["events"].sum().reset_index()
    both = found.merge(true, on=["colonia_id", "quarter", "group"])
    assert len(both) == len(true)
    assert ((both["least"] <= both["events"]) & (both["events"] <= both["most"])).all()


def test_a_withheld_colonia_stays_open_although_the_municipality_is_published():
    found = attack_editions([edition(COUNTS, ENDS[-1])], exactly=WITHHELD).frame()

    withheld = found[found["colonia_id"].isin(WITHHELD)]
    assert (withheld["values"] >= 6).all()


def test_true_counts_in_place_of_the_rounded_ones_are_found():
    found = attack_editions([edition(COUNTS, ENDS[-1], protected=False)])

    # Two counts in three are no multiples of the base, and say by themselves that they are true.
    assert found.exact > 0.5 * found.confidential.sum()


def test_true_counts_in_one_table_only_contradict_the_others_and_are_refused():
    columns = ["colonia_id", "quarter", "group"]
    wrong = planted("series", lambda t: t.assign(events=true_sums(t, columns).fillna(t["events"])))

    with pytest.raises(AnalysisError, match="not made by the rule declared"):
        attack_editions([wrong])


@pytest.mark.parametrize(
    ("table", "column"), [("crime", "events"), ("change", "now"), ("crime", "rate")]
)
def test_a_year_made_of_true_counts_is_used_by_the_attacker(table, column):
    per = 1_000 / POPULATION if column == "rate" else 1
    wrong = planted(
        table,
        lambda t: t.assign(
            **{
                column: (true_sums(t, ["colonia_id", "group"]).astype(float) * per).mask(
                    t["colonia_id"].isin(WITHHELD)
                )
            }
        ),
    )
    honest, found = (attack_editions([e]).frame() for e in (edition(COUNTS, ENDS[-1]), wrong))

    # Exact years of rounded quarters: some quarters lose possible values.
    known = ~found["colonia_id"].isin(WITHHELD)
    widths = [(of["most"] - of["least"])[known].sum() for of in (honest, found)]
    assert widths[1] < widths[0]


def test_a_true_total_beside_its_rounded_groups_is_found():
    wrong = planted(
        "series",
        lambda t: t.assign(
            events=t["events"].mask(
                (t["group"] == words.TOTAL) & ~t["colonia_id"].isin(WITHHELD),
                true_sums(t, ["colonia_id", "quarter", "group"]),
            )
        ),
    )

    found = attack_editions([wrong])

    assert found.exact + found.narrow > 0


def test_a_year_at_the_edge_of_what_its_quarters_allow_gives_them_away_and_is_found():
    last = edition(COUNTS, ENDS[-1])
    groups = last.tables["series"].query("group != 'total'")
    year = groups["quarter"].dt.to_period("Y").dt.start_time.rename("year")
    least = (groups["events"] - 2).clip(lower=0).groupby([groups["colonia_id"], year]).sum()
    keys = pd.MultiIndex.from_frame(last.tables["years"][["colonia_id", "year"]])
    edge = pd.Series(least.reindex(keys).to_numpy())
    wrong = planted(
        "years", lambda t: t.assign(events=t["events"].mask(t["colonia_id"] == "c0", edge))
    )

    found = attack_editions([wrong])

    assert edge.iloc[:3].mod(3).gt(0).any()
    assert found.exact >= 16
    assert set(found.leaks()["colonia_id"]) == {"c0"}


def test_a_year_that_was_drawn_afresh_contradicts_or_narrows_what_was_published():
    other = years_of(COUNTS, edition(COUNTS, ENDS[-1]).tables["years"]) // 3 * 3 - 3
    wrong = planted("years", lambda t: t.assign(events=other.clip(lower=0).where(other > 0)))

    with pytest.raises(AnalysisError, match="No counts agree with everything published"):
        attack_editions([edition(COUNTS, ENDS[-1]), wrong])


def test_a_key_changed_between_editions_of_the_same_counts_is_found():
    found = attack_editions(
        [edition(COUNTS, ENDS[-1]), edition(COUNTS, ENDS[-1], key=b"other" * 8)]
    )

    assert found.narrow + found.exact > 20


def test_counts_revised_between_editions_are_no_leak():
    later = COUNTS.assign(events=COUNTS["events"] + (np.arange(len(COUNTS)) % 5 == 0))

    found = attack_editions([edition(COUNTS, ENDS[0]), edition(later, ENDS[1], inputs="b")])

    assert (found.exact, found.narrow) == (0, 0)


def test_an_edition_that_contradicts_itself_is_refused():
    odd = planted(
        "municipality_series",
        lambda t: t.assign(events=t["events"] + (t["group"] == "theft") * 900),
    )
    wrong = replace(odd, tables={**odd.tables, "series": odd.tables["series"].fillna(0)})

    with pytest.raises(AnalysisError, match="No counts agree with everything published"):
        attack_editions([wrong])


def test_an_edition_without_incidents_has_nothing_to_find():
    last = edition(COUNTS, ENDS[-1])
    rows = {n: t if n == "period" else t.head(0) for n, t in last.tables.items()}
    empty = replace(last, tables=rows)

    found = attack_editions([empty, empty])

    assert len(found.cells) == 0
    assert (found.exact, found.narrow) == (0, 0)


@pytest.mark.parametrize("inputs", ["a", "b"])
def test_an_edition_published_again_as_it_was_tells_an_attacker_nothing_more(inputs, monkeypatch):
    asked, claims = [], editions._claims
    monkeypatch.setattr(editions, "_claims", lambda it, of: asked.append(it.name) or claims(it, of))
    told = [edition(COUNTS, end) for end in ENDS[2:]]
    beside = {**told[-1].tables, "actions_done": pd.DataFrame({"times": [1]})}
    again = replace(told[-1], name="again", inputs=inputs, tables=beside)

    once, twice = attack_editions(told), attack_editions([*told, again])

    pd.testing.assert_frame_equal(once.frame(), twice.frame())
    assert "again" not in asked


@pytest.mark.parametrize("name", editions.READ)
def test_an_edition_tells_something_new_as_soon_as_a_table_that_is_read_changed(name):
    told = edition(COUNTS, ENDS[-1])
    cells = _cells([told], together=True)
    fewer = {**told.tables, name: told.tables[name].iloc[:-1]}
    without = {it: table for it, table in told.tables.items() if it != name}

    assert editions._tells_nothing_new(replace(told, name="again"), told, cells, cells)
    for tables in (fewer, without):
        assert not editions._tells_nothing_new(replace(told, tables=tables), told, cells, cells)


def test_what_follows_an_edition_published_again_is_attacked_with_it():
    first = edition(COUNTS, ENDS[-1])
    leaking = edition(COUNTS, ENDS[-1], key=b"other" * 8)

    plain = attack_editions([first, leaking])
    found = attack_editions([first, replace(first, name="again"), leaking])

    assert plain.narrow + plain.exact > 20
    pd.testing.assert_frame_equal(plain.frame(), found.frame())


def test_the_same_figures_of_counts_that_may_have_changed_are_told_for_each():
    told = edition(COUNTS, ENDS[-1])
    years = told.tables["years"].assign(events=told.tables["years"]["events"] + 3)
    other = replace(told, name="other", inputs="b", tables={**told.tables, "years": years})

    found = attack_editions([told, other]).frame()

    assert len(found) > len(attack_editions([told]).frame())


def two_editions(first, then, *, years=(9, 9), inputs=("a", "b")):
    """Return two editions of one colonia's quarter, with these figures."""
    empty = pd.DataFrame({"month": pd.to_datetime([]), "group": [], "events": []})
    quarter = pd.Timestamp("2025-01-01")

    def one(name, figure, year, made_from):
        keys = {"colonia_id": ["c0"], "quarter": [quarter], "group": [words.GROUPS[0]]}
        series = pd.DataFrame(keys).assign(events=pd.array([figure], dtype="Int64"))
        of_year = pd.DataFrame({"colonia_id": ["c0"], "year": [quarter]})
        of_year["events"] = pd.array([year], dtype="Int64")
        tables = {"series": series, "municipality_series": empty, "years": of_year}
        return PublishedEdition(name, tables, made_from)

    figures = zip((first, then), years, inputs, strict=True)
    return [one(str(k), *told) for k, told in enumerate(figures)]


@pytest.mark.parametrize(
    ("told", "one_count"),
    [
        ({"first": 3, "then": 3}, True),
        ({"first": 3, "then": 6}, False),
        ({"first": pd.NA, "then": pd.NA}, True),
        ({"first": pd.NA, "then": 1}, False),
        ({"first": 1, "then": pd.NA}, False),
        ({"first": 3, "then": 3, "years": (9, 12)}, False),
        ({"first": 3, "then": 3, "years": (pd.NA, 12)}, True),
        ({"first": 3, "then": 3, "years": (9, pd.NA)}, True),
        ({"first": 3, "then": 3, "years": (pd.NA, pd.NA)}, True),
        ({"first": 3, "then": 6, "inputs": ("a", "a")}, True),
    ],
)
def test_a_count_is_the_same_in_two_editions_where_neither_it_nor_its_year_changed(told, one_count):
    cells = _cells(two_editions(**told), together=True)

    assert cells["edition"].to_list() == [0, 1]
    assert cells["version"].to_list() == ([0, 0] if one_count else [0, 1])
    apart = _cells(two_editions(**told), together=False)["version"].to_list()
    assert apart == ([0, 0] if "inputs" in told else [0, 1])
