"""The council's briefing: six pages at most, each sentence from its table."""

import io
import re

import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.publish.briefing import (
    BUILDERS,
    MOST_PAGES,
    briefing_sections,
    print_briefing,
    released_tables,
)
from labtools.publish.briefing_crime import municipality_section
from labtools.publish.printing import pages_of
from labtools.tables import vocabulary as words
from tests.publish.poisoned import poisoned_tables
from tests.publish.test_paper import words_of

pikepdf = pytest.importorskip("pikepdf")


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def test_it_has_at_most_six_pages_and_keeps_the_standard_of_accessible_documents(tables):
    made = print_briefing(tables)

    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as told:
        assert len(pdf.pages) <= MOST_PAGES
        assert told["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang) == "es-MX"


def test_it_still_has_at_most_six_pages_where_everything_changed(tables):
    change = tables["change"].assign(verdict="increase", state="shown", ratio=2.0)
    change = change.assign(lower=1.2, upper=3.4, before=3, now=9)

    assert pages(print_briefing({**tables, "change": change})) <= MOST_PAGES


def test_letters_grow_smaller_before_a_seventh_page_begins(tables, internal):
    rows = [poisoned_tables()["proposals"].assign(name=f"Acción {n}") for n in range(44)]
    long = pd.concat(
        [part.assign(intervention=f"action-{n}") for n, part in enumerate(rows)], ignore_index=True
    )

    made = print_briefing({**tables, "proposals": long}, internal=internal)

    assert pages(made) == pages_of(made) == MOST_PAGES
    assert pages_of(print_briefing(tables)) < MOST_PAGES


def test_a_change_is_told_only_where_the_table_tells_one(tables):
    none = {**tables, "change": tables["change"].assign(verdict="none")}

    with speaking("en"):
        keys = [section.key for section in briefing_sections(none)]
        short = briefing_sections(none)[0].sentences

    assert "changes" not in keys
    assert any(one.startswith("No change in any colonia can be told apart") for one in short)


def test_what_changed_in_the_municipality_is_told_first_with_its_interval(tables):
    table = tables["municipality_crime"].copy()
    first = table.index[0]
    told = {"verdict": "increase", "ratio": 1.12, "ratio_lower": 1.036, "ratio_upper": 1.21}
    table.loc[first, list(told)] = list(told.values())

    with speaking("en"):
        short = briefing_sections({**tables, "municipality_crime": table})[0].sentences

    assert "+12 % (+4 to +21)" in short[0]


def comparisons(months_apart):
    now = pd.Timestamp("2025-11-01")
    row = {
        "source": "survey",
        "period": now,
        "before_period": now - pd.DateOffset(months=months_apart),
        "before": months_apart / 100,
        "now": 0.61,
        "difference": -0.03,
        "lower": -0.08,
        "upper": 0.02,
        "verdict": "none",
        "respondents": 300,
        "state": "shown",
    }
    asked = [("city", "Ciudad", "insecurity"), ("borough", "Norte", "insecurity")]
    asked += [("borough", "Norte", "cohesion")]
    return pd.DataFrame(
        [{**row, "area_kind": k, "area": a, "indicator": i, "q_value": 0.9} for k, a, i in asked]
    )


def test_perception_is_compared_once_over_the_interval_nearest_to_a_year(tables):
    both = pd.concat([comparisons(6), comparisons(12), comparisons(24)], ignore_index=True)

    with speaking("en"):
        sections = briefing_sections({**tables, "perception_change": both})
    (told,) = (it for it in sections if it.key == "perception")

    assert [table.caption for table in told.tables] == [
        "Ciudad (city), survey of the lab",
        "Feel unsafe in their city, by borough",
    ]
    assert [row[1].words for table in told.tables for row in table.rows] == ["12 % (11/2024)"] * 2
    assert told.sentences[0].startswith("Of 3 comparisons over a year")


@pytest.mark.parametrize(
    ("table", "section"),
    [
        ("municipality_crime", "municipality"),
        ("actions_done", "actions"),
        ("perception_change", "perception"),
        ("municipality_dark_figure", "municipality_dark_figure"),
    ],
)
def test_a_section_without_its_table_is_absent(tables, table, section):
    without = {name: rows for name, rows in tables.items() if name != table}

    assert section not in [made.key for made in briefing_sections(without)]


def test_the_figures_of_the_municipality_stand_in_pages_and_slides(tables):
    counts = tables["municipality_crime"][["before", "now"]].stack().dropna()

    for slides in (False, True):
        found = words_of(print_briefing(tables, language="en", slides=slides))
        assert {f"{n:,.0f}" for n in counts if f"{n:,.0f}" not in found} == set()


def test_every_section_with_figures_names_its_table(tables):
    with speaking("en"):
        sections = briefing_sections(tables)

    silent = [
        section.key
        for section in sections
        if section.tables and not any("Released tables" in note for note in section.notes)
    ]
    assert silent == []
    assert len(sections) <= len(BUILDERS)


def test_every_sentence_ends_in_the_number_of_a_table_that_its_section_names(tables, internal):
    more = {"city_peers": PEERS, "priority_shift": SHIFT, "priority_sensitivity": STAY}
    public = {**tables, "proposals": poisoned_tables()["proposals"]}
    with speaking("en"):
        sections = briefing_sections(public, {**internal, **more})

    keys = [re.findall(r"\[(\d+)\] (\w+)(\.csv)?", " ".join(it.notes)) for it in sections]
    pairs = {(number, name) for named in keys for number, name, _ in named}
    loose = [
        (section.key, said)
        for section, named in zip(sections, keys, strict=True)
        for said in section.sentences
        if not set(numbers_after(said)) or not set(numbers_after(said)) <= {n for n, *_ in named}
    ]

    assert sum(len(it.sentences) for it in sections) > len(sections)
    assert loose == []
    assert len(pairs) == len({n for n, _ in pairs}) == len({name for _, name in pairs})
    released = {name for named in keys for _, name, ending in named if ending}
    assert released <= set(public)
    assert {name for _, name in pairs} - released <= {*internal, *more}


def numbers_after(said):
    """Return the numbers in brackets at the end of a sentence."""
    found = re.search(r"[.!?)…] \[([\d, ]+)\]$", said)
    return found[1].split(", ") if found else []


def untied(sentences):
    return [re.sub(r" \[[\d, ]+\]$", "", said) for said in sentences]


def test_the_sentences_in_short_have_each_the_table_whose_figures_they_tell(tables):
    with speaking("en"):
        short = briefing_sections(tables)[0]

    names = dict(re.findall(r"\[(\d+)\] (\w+)\.csv", " ".join(short.notes)))
    told = [[names[n] for n in numbers_after(said)] for said in short.sentences]
    starts = [said.split(":")[0] for said in short.sentences]
    assert told[starts.index("Recorded crime in the municipality")] == ["municipality_crime"]
    (felt,) = (n for n, said in zip(told, short.sentences, strict=True) if "feel unsafe" in said)
    assert felt == ["perception"]
    assert ["change"] in told
    assert ["evaluation", "evaluation_facts"] in told


def test_the_same_tables_give_the_same_bytes(public):
    tables = released_tables(public)

    assert print_briefing(tables) == print_briefing(tables)


def test_crime_beside_fear_is_counted_with_what_each_combination_asks_for(tables):
    gap = tables["fear_gap"]
    shown = gap[gap["state"] == "shown"]

    with speaking("en"):
        (section,) = (one for one in briefing_sections(tables) if one.key == "fear_gap")

    (table,) = section.tables
    counted = [int(row[1].words) for row in table.rows]
    assert counted == [int((shown["verdict"] == word).sum()) for word in words.QUADRANTS]
    assert section.sentences[0].startswith(f"Of {len(shown)} colonias with figures")


def test_the_council_is_told_probable_crime_beside_recorded_with_its_limits(tables):
    with speaking("en"):
        sections = briefing_sections(tables)

    keys = [one.key for one in sections]
    assert keys.index("municipality_dark_figure") == keys.index("municipality") + 1
    section = sections[keys.index("municipality_dark_figure")]
    (table,) = section.tables
    known = tables["municipality_dark_figure"].set_index("group").loc["total"]
    ends = (f"{known[name]:,.0f}" for name in ("probable", "lower", "upper"))
    assert table.rows[0][2].words == "{} ({} to {})".format(*ends)
    assert len(table.rows) == len(words.GROUPS) + 1
    assert any("Sexual and family violence is not among them" in note for note in section.notes)


def test_the_briefing_says_in_short_how_much_crime_is_probable_and_between_which_limits(tables):
    known = tables["municipality_dark_figure"]
    without = {**tables, "municipality_dark_figure": known.iloc[:0]}

    with speaking("en"):
        short = briefing_sections(tables)[0].sentences
        bare = briefing_sections(without)[0].sentences

    (said,) = set(untied(short)) - set(untied(bare))
    assert "some 19,975 crimes may have happened (between 16,714 and 24,818)" in said


CHOSEN = 20


@pytest.fixture(scope="module")
def internal(tables):
    """Tables of an internal edition with more candidates than the briefing names."""
    shown = tables["colonias_shown"]
    shown = pd.concat([shown.assign(colonia_id=shown["colonia_id"] + f"-{n}") for n in range(2)])
    names = [f"Colonia número {n} de la Ampliación" for n in range(len(shown))]
    candidates = {"expected": 90.4, "lower": 60.2, "upper": 140.6, "chance": 0.8, "count": 40.0}
    rules = {"captured": 0.18, "lower": 0.16, "upper": 0.2, "fall": 0.05, "boroughs": 2}
    money = {"mean": 540.0, "lower": 170.0, "upper": 950.0, "worst": 214.0, "actions": 48}
    return {
        "colonias_shown": shown.assign(name=names),
        "entry_candidates": pd.DataFrame({"colonia_id": shown["colonia_id"]}).assign(
            **candidates, chosen_by=["expected count"] * CHOSEN + [""] * (len(shown) - CHOSEN)
        ),
        "entry_rules": pd.DataFrame({"rule": ["expected", "chance", "count", "rate"]}).assign(
            **rules
        ),
        "portfolio_frontier": pd.DataFrame({"budget": [3e6, 6e6, 9e6]}).assign(**money),
    }


def test_the_internal_briefing_names_who_could_enter_and_what_money_buys(tables, internal):
    made = print_briefing(tables, language="en", internal=internal)
    told = words_of(made)

    assert pages(made) <= MOST_PAGES
    assert "Internal: not for the public" in told
    assert told.count("90 (60 to 141)") == CHOSEN
    assert "18 % (16 % to 20 %)" in told.replace("\u00a0", " ")
    assert "540 (170 to 950)" in told


def test_no_public_briefing_names_a_candidate_or_an_internal_table(tables):
    for slides in (False, True):
        told = words_of(print_briefing(tables, language="en", slides=slides))
        assert "proposed to enter" not in told
        assert "Internal" not in told


def test_candidates_stand_in_alphabetical_order_and_rank_nobody(tables, internal):
    with speaking("en"):
        sections = briefing_sections(tables, internal)
    (entry,) = (one for one in sections if one.key == "entry")

    names = [row[0].words for row in entry.tables[0].rows]
    assert names == sorted(names)


PEERS = pd.DataFrame(
    {
        "city": ["Example", "Estados Unidos Mexicanos", "León", "Mérida"],
        "indicator": "insecurity",
        "quarter": pd.Timestamp("2025-10-01"),
        "share": [0.48, 0.63, 0.7, 0.3],
        "lower": [0.45, 0.62, 0.66, 0.27],
        "upper": [0.52, 0.64, 0.74, 0.33],
        "versus": ["itself", "below", "below", "above"],
    }
)
SHIFT = pd.DataFrame({"in_before": [True, True, False], "in_after": [True, False, True]})
STAY = pd.DataFrame({"scenario": ["reporting_everywhere_alike"], "listed": [2], "stay": [1]})


def test_the_council_sees_the_city_beside_others_and_what_the_correction_does(tables, internal):
    more = {"city_peers": PEERS, "priority_shift": SHIFT, "priority_sensitivity": STAY}
    with speaking("en"):
        told = {one.key: one for one in briefing_sections(tables, {**internal, **more})}
        alone = {one.key for one in briefing_sections(tables, internal)}

    assert "Of 2 other cities, it lies above 1 and below 1" in " ".join(told["peers"].sentences)
    assert "León" not in " ".join(told["peers"].sentences)
    listed = " ".join(told["priorities"].sentences)
    assert "1 are the same as recorded and as probable; 1 leave the list" in listed
    assert "If reporting were alike everywhere, 1 of the 2 would stay." in listed
    assert not {"peers", "priorities"} & alone
    assert pages(print_briefing(tables, internal={**internal, **more})) <= MOST_PAGES


def test_without_candidates_and_money_nothing_is_told_of_them(tables, internal):
    empty = {name: table.iloc[:0] for name, table in internal.items()}

    with speaking("en"):
        told = [section.key for section in briefing_sections(tables, empty)]

    assert not {"entry", "budget"} & set(told)


def test_a_long_table_goes_over_slides_instead_of_growing_small(tables):
    change = tables["change"].assign(verdict="increase", state="shown", ratio=2.0)
    change = change.assign(lower=1.2, upper=3.4, before=3, now=9)

    few, many = (
        pages(print_briefing({**tables, "change": rows}, slides=True))
        for rows in (change.head(6), change.head(15))
    )

    assert many == few + 2


def test_every_count_of_a_change_stands_with_the_range_of_the_true_one(tables):
    # Twelve months of one group: 1.96 √(12 · 4/3) is 7.8; of four groups √(48 · 4/3) gives 15.7.
    with speaking("en"):
        told = municipality_section(tables).tables[0].rows
        true = municipality_section({**tables, "period": exact(tables["period"])}).tables[0].rows

    total = tables["municipality_crime"].iloc[0]
    assert total["group"] == "total"
    low, high = total["now"] - 16, total["now"] + 16
    assert told[0][2].words == f"{total['now']:,} ({low:,} to {high:,})"
    assert true[0][2].words == f"{total['now']:,}"


def exact(period):
    return period.assign(rounding_base=1)


def test_words_of_the_lab_are_told_to_be_spanish_in_an_english_print_and_nothing_else_is(tables):
    tables = {**tables, "proposals": poisoned_tables()["proposals"]}
    marked = {}
    for language in ("en", "es_MX"):
        with pikepdf.open(io.BytesIO(print_briefing(tables, language=language))) as pdf:
            parts = [it for it in pdf.objects if isinstance(it, pikepdf.Dictionary)]
            marked[language] = {str(it.Lang) for it in parts if "/Lang" in it and "/S" in it}

    assert marked == {"en": {"es-MX"}, "es_MX": set()}


def test_it_says_until_when_its_figures_hold(tables):
    for slides in (False, True):
        said = words_of(print_briefing(tables, language="en", slides=slides))
        assert "These figures hold until January 1, 2027." in said
