import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.messages import month, number, percent, speaking
from labtools.narrative import SECTIONS, sentences
from labtools.narrative.crime import change_sentences
from labtools.tables import vocabulary as words
from labtools.tables.vocabulary import label
from tests.narrative.ficha import GROUPS, changed, counted, felt, ficha, without_figure

RISE = re.compile(r"\b(increas|rose|grew|aument|subi|crec)", re.IGNORECASE)
FALL = re.compile(r"\b(decreas|fell|drop|dismin|baj[óa]|reduj)", re.IGNORECASE)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def said(section, released=None, **rows):
    return " ".join(sentences(released or ficha(**rows))[section])


def numbers_in(sentence):
    """Numbers of a sentence, without those of its dates and fixed words."""
    plain = re.sub(r"[A-Z][a-z]+ \d{4}|1,000 people|every 100|90 % interval", "", sentence)
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", plain)]


def test_every_section_says_something_of_an_ordinary_colonia_except_what_it_has_not():
    told = sentences(ficha())

    assert tuple(told) == SECTIONS
    quiet = {section for section in SECTIONS if not told[section]}
    assert quiet == {"dark_figure", "fear_gap", "unknowns", "sources"}


def test_the_count_the_rate_and_its_interval_are_those_of_the_table():
    row = counted(n=1_234, rate=617.04, lower=583.1, upper=652.6)

    sentence = said("crime", crime=[row])

    assert numbers_in(sentence) == [1_234, 617.0, 583.1, 652.6, 31.4, 20.0, 12.0, 33.0]
    assert "January 2025" in sentence
    assert "December 2025" in sentence


@given(
    n=st.integers(2, 50_000),
    reach=st.integers(1, 10),
    rate=st.floats(0.06, 900),
    share=st.floats(0.15, 0.85),
    places=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
@settings(max_examples=20, deadline=None)
def test_every_number_said_stands_in_the_table_it_cites(n, reach, rate, share, places):
    low, high = places
    place = {"group": "total", "colonias": 412, "state": "shown"}
    released = ficha(
        crime=[counted(n, n - min(reach, n), n + reach, rate=rate, lower=rate / 2, upper=2 * rate)],
        place=[{**place, "lower_share": low, "upper_share": high}],
        perception=[felt(share)],
    )

    with speaking("en"):
        told = sentences(released)

    crime = released.tables["crime"].iloc[0]
    in_table = [crime[c] for c in ("events", "events_low", "events_high")]
    ends = ("smoothed", "smoothed_lower", "smoothed_upper")
    rates = [crime[c] for c in ("rate", "lower", "upper", "municipality_rate", *ends)]
    assert numbers_in(" ".join(told["crime"])) == pytest.approx(
        [*in_table, *(float(number(r, 1).replace(".", ".").replace(",", "")) for r in rates)]
    )
    assert numbers_in(told["place"][0]) == pytest.approx([low * 100, high * 100], abs=0.5)
    assert numbers_in(told["perception"][0]) == pytest.approx(
        [100 * share, 100 * (share - 0.1), 100 * (share + 0.1)], abs=0.5
    )


@given(verdicts=st.lists(st.sampled_from(words.VERDICTS), min_size=5, max_size=5), data=st.data())
@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("language", ["en", "es_MX"])
def test_nothing_is_said_to_rise_or_fall_unless_its_verdict_does(language, verdicts, data):
    rows = []
    for group, verdict in zip(GROUPS, verdicts, strict=True):
        # Counts that invite the wrong word: they move whatever the verdict says.
        before, now = data.draw(st.integers(0, 90)), data.draw(st.integers(0, 90))
        side = {"increase": (1.1, 2.0), "decrease": (0.4, 0.9)}.get(verdict, (0.7, 1.6))
        rows.append(changed(group, verdict, before=before, now=now, lower=side[0], upper=side[1]))

    with speaking(language):
        told = sentences(ficha(change=rows))["change"]
        names = [label(group) for group in GROUPS]

    for group, verdict in zip(names, verdicts, strict=True):
        about = [sentence for sentence in told if sentence.startswith(f"{group}:")]
        assert len(about) == (verdict in {"increase", "decrease"})
        assert [bool(RISE.search(s)) for s in about] == [True] * (verdict == "increase") + [
            False
        ] * (verdict == "decrease")
        assert all(bool(FALL.search(s)) == (verdict == "decrease") for s in about)
    rest = [s for s in told if not s.startswith(tuple(f"{name}:" for name in names))]
    assert not any(RISE.search(s) or FALL.search(s) for s in rest)


def test_a_change_is_told_with_both_counts_and_its_interval():
    fell = changed("theft", "decrease", before=60, now=30, lower=0.32, upper=0.78)
    rose = changed("robbery", "increase", before=10, now=40, lower=2.5, upper=7.0)

    told = sentences(ficha(change=[fell, rose, changed("other")]))["change"]

    assert numbers_in(told[0]) == [60, 30, 22, 68]
    assert numbers_in(told[1]) == [10, 40, 150, 600]
    assert told[2] == "In the other groups there is no distinguishable change."


def test_what_cannot_be_told_apart_is_not_said_to_be_chance_and_has_its_interval():
    total = changed("total", ratio=1.2, lower=0.7, upper=2.0)

    told = sentences(ficha(change=[total]))["change"]

    assert "does not mean that nothing changed" in told[0]
    assert "chance alone produces" not in told[0]
    assert told[1].endswith("+20 % (−30 to +100).")
    few = changed("total", before=3, now=0, ratio=1e-9, lower=1e-12, upper=1.4e8)
    assert "between −100 % and over 10 times" in sentences(ficha(change=[few]))["change"][1]


@pytest.mark.parametrize("verdict", ["above", "below", "similar"])
def test_a_reading_stands_with_the_interval_that_it_is_of(verdict):
    # As recorded the interval crosses the municipality's rate; steadied it does not.
    row = counted(versus_municipality=verdict, lower=5.0, upper=90.0)

    told = sentences(ficha(crime=[row]))["crime"][-1]
    without = sentences(ficha(crime=[{**row, "smoothed_lower": None}]))["crime"]

    assert "the rate is 20.0 (between 12.0 and 33.0)" in told
    assert not any("above" in s or "below" in s or "apart" in s for s in without)


def test_a_calendar_year_has_one_figure_on_the_page():
    year = {"year": pd.Timestamp("2025-01-01"), "events": 108, "state": "shown"}
    ends = {"events_low": 106, "events_high": 110}

    told = said("crime", crime=[counted(114, 104, 124)], years=[{**year, **ends}])
    older = {**year, **ends, "year": pd.Timestamp("2024-01-01")}
    without = said("crime", crime=[counted(114, 104, 124)], years=[older])
    # 57 for each thousand is of 114 in two thousand, and not of the figure told before it.
    assert "Its quarters, rounded one by one, add up to 57.0 per 1,000" in told
    assert "That is 57.0 per 1,000" in without

    assert "about 108 case files" in told
    assert "between 106 and 110" in told
    assert "114" not in told
    assert "about 114 case files" in without


def test_a_rise_from_nothing_is_told_without_a_percentage_of_nothing():
    row = changed("theft", "increase", before=0, now=30, ratio=np.nan, lower=5.0, upper=np.nan)

    told = sentences(ficha(change=[row]))["change"]

    assert numbers_in(told[0]) == [0, 30]
    assert "%" not in told[0]


def test_withheld_missing_not_covered_and_zero_are_four_different_sentences():
    no_file = [{"what": "no_incident_file"}]
    told = [
        said("crime", crime=[counted(n=0)]),
        said("crime", crime=[without_figure("suppressed")]),
        said("crime", crime=[without_figure("missing")], unknowns=no_file),
        said("crime", crime=[without_figure("missing")]),
    ]

    assert len(set(told)) == 4
    assert "0 case files were opened" in told[0]
    assert "withheld because few people live here" in told[1]
    assert "no file of incidents was supplied" in told[2]
    assert "does not cover these twelve months" in told[3]
    for sentence in told[1:]:
        assert numbers_in(sentence) == []
        assert "does not mean that there was no crime" in sentence


@pytest.mark.parametrize("section", ["crime", "change", "place"])
def test_a_withheld_colonia_is_told_that_it_is_withheld_and_no_number(section):
    hidden = {"group": "total", "state": "suppressed"}
    released = ficha(
        crime=[without_figure("suppressed")],
        change=[{**hidden, "verdict": "unknown"}],
        place=[{**hidden, "colonias": 412}],
    )

    sentence = said(section, released)

    assert "withheld" in sentence
    assert numbers_in(sentence) == []


def test_two_years_that_are_not_there_are_not_compared():
    rows = [changed(group, "unknown", before=pd.NA) for group in GROUPS]

    assert "no two years to compare" in said("change", change=rows)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "0 case files were"), (1, "one case file was"), (2, "2 case files were")],
)
def test_one_is_singular(n, expected):
    assert expected in said("crime", crime=[counted(n=n)])


@pytest.mark.parametrize(("times", "expected"), [(1, "one action"), (7, "7 actions")])
def test_actions_are_counted_over_their_kinds(times, expected):
    done = {"action_type": "marcha", "times": times}
    days = {"first": pd.Timestamp("2025-02-03"), "last": pd.Timestamp("2025-02-03")}

    assert expected in said("actions", actions_done=[{**done, **days}])


def test_no_action_and_no_log_of_actions_are_told_apart():
    none = said("actions")
    no_log = said("actions", unknowns=[{"what": "no_actions_log"}])

    assert none == "The programme's log has no action here in these twelve months."
    assert no_log == "The log of the programme's actions was not supplied."


@pytest.mark.parametrize(
    ("versus", "expected"),
    [("above", "it is above"), ("below", "it is below"), ("similar", "cannot be told apart")],
)
def test_the_comparison_with_the_municipality_is_that_of_the_table(versus, expected):
    assert expected in said("crime", crime=[counted(versus_municipality=versus)])


def test_an_unknown_comparison_and_a_missing_rate_are_not_mentioned():
    row = counted(rate=np.nan, lower=np.nan, upper=np.nan, versus_municipality="unknown")

    assert numbers_in(said("crime", crime=[row])) == [24]


def test_published_counts_are_told_with_their_range_and_why():
    sentence = said("crime", crime=[counted(24, 19, 29)])

    assert "about 24 case files" in sentence
    assert "between 19 and 29" in sentence
    assert "rounded to protect people" in sentence


def test_a_citys_missing_official_figure_is_not_called_no_figure_at_all():
    said_of_city = said("unknowns", unknowns=[{"what": "no_city_perception"}])

    assert "No official figure (ENSU)" in said_of_city


@pytest.mark.parametrize(
    ("population", "expected"),
    [(2_000.4, "About 2,000 people"), (0, "Nobody lives here"), (np.nan, "is not known")],
)
def test_residents_nobody_and_not_known_are_told_apart(population, expected):
    assert expected in said("who", ficha({"population": population}))


def test_a_colonia_without_borough_or_programme_is_placed_in_its_municipality_only():
    told = sentences(ficha({"borough": None, "entered_on": pd.NaT, "area_km2": np.nan}))["where"]

    assert told == ("El Ocote is in the municipality of Santa Lucía.",)


def test_the_latest_survey_of_each_area_is_told_nearest_first():
    old, new = pd.Timestamp("2024-05-01"), pd.Timestamp("2025-11-01")
    rows = [
        felt(0.50, period=old),
        felt(0.60, period=new),
        felt(0.70, area_kind="borough", area="Centro", period=new),
        felt(0.40, area_kind="colonia", area="99001_0001", period=new, respondents=40),
    ]

    told = sentences(ficha(perception=rows))["perception"]

    assert [numbers_in(sentence)[0] for sentence in told] == [40, 70, 60]
    assert told[0].startswith("In this colonia")


def test_a_survey_that_cannot_be_shown_does_not_hide_the_official_figure():
    hidden = {"share": np.nan, "lower": np.nan, "upper": np.nan, "state": "insufficient"}
    rows = [felt(0.55, source="city_perception", respondents=pd.NA), felt(**{"share": 0, **hidden})]

    told = sentences(ficha(perception=rows))["perception"]

    assert numbers_in(told[0])[0] == 55


def test_too_few_answers_in_the_colonia_are_told_as_that_and_no_survey_as_none():
    hidden = {"share": np.nan, "lower": np.nan, "upper": np.nan, "state": "insufficient"}
    own = {"share": 0, "area_kind": "colonia", "area": "99001_0001", **hidden}

    assert "asked too few people, or none" in said("perception", perception=[felt(**own)])
    assert said("perception", perception=[]) == ("There is no survey of how safe people feel here.")


def test_what_is_not_known_is_told_one_by_one():
    whats = ["never_reported", "sensitive_not_by_colonia", "withheld", "no_population"]
    whats += ["no_incident_file", "no_survey", "no_city_perception", "no_actions_log"]

    told = sentences(ficha(unknowns=[{"what": what} for what in whats]))["unknowns"]

    assert len(set(told)) == len(whats)


def test_case_files_without_colonia_are_told_with_their_share():
    row = {"what": "not_located", "share": 0.06}

    (told,) = sentences(ficha(unknowns=[row]))["unknowns"][:1]

    assert told.startswith("Of every 100 case files of the municipality, 6 could be given no")


def test_each_source_is_told_with_its_publisher_and_cut_date():
    row = {
        "source": "carpetas",
        "title": "Carpetas de investigación",
        "publisher": "Fiscalía",
        "licence": "CC BY 4.0",
        "cutoff": pd.Timestamp("2025-12-31"),
    }

    assert said("sources", sources=[row]) == (
        "Carpetas de investigación. Fiscalía. Cut on December 31, 2025."
    )


def test_spanish_is_spoken_unless_english_is_asked_for(monkeypatch):
    for variable in ("LABTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    with speaking(""):
        spanish = sentences(ficha())
        date = month(pd.Timestamp("2025-01-01"))

    assert date == "enero de 2025"
    english = sentences(ficha())
    for section in ("where", "who", "crime", "change", "place", "perception", "actions"):
        assert not set(spanish[section]) & set(english[section])


def test_the_same_figures_are_said_in_both_languages():
    row = changed("theft", "decrease", before=60, now=30, lower=0.32, upper=0.78)
    released = ficha(change=[row], crime=[counted(24, 19, 29)])
    with speaking("es_MX"):
        spanish = said("crime", released) + said("change", released)
        assert percent(0.22) in spanish

    english = said("crime", released) + said("change", released)

    def digits(sentence):
        return sorted(re.findall(r"\d+(?:\.\d+)?", sentence))

    assert digits(spanish) == digits(english)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, "is not known yet"),
        (0.93, "about 93 % of the crimes of these twelve months are recorded"),
        (1.0, "hardly any crime of these twelve months is still to be recorded"),
    ],
)
def test_a_fall_is_told_with_what_is_still_to_be_recorded(share, told):
    row = changed("theft", "decrease", before=60, now=30, lower=0.32, upper=0.78)
    rose = changed("theft", "increase", before=10, now=40, lower=2.5, upper=7.0)
    fell, grew = ficha(change=[row]), ficha(change=[rose])
    fell.tables["period"]["recorded_share"] = share

    assert told in said("change", fell)
    assert "recorded by now" not in said("change", grew)


@pytest.mark.parametrize(("share", "told"), [(None, False), (0.93, True), (1.0, False)])
def test_a_level_of_months_not_yet_whole_says_that_it_will_rise(share, told):
    released = ficha()
    released.tables["period"]["recorded_share"] = share

    found = said("crime", released)

    assert ("About 93 % of these twelve months is recorded by now" in found) == told


def test_counts_of_a_change_stand_with_the_range_of_the_true_ones_where_they_were_rounded():
    # Four quarters of one group, each off by a variance of 4/3: 1.96 √(4 · 4/3) is 4.5.
    up = changed(verdict="increase", before=3, now=36, ratio=12.0, lower=2.0, upper=40.0)

    tables = ficha(change=[up]).tables
    rounded = {**tables, "period": tables["period"].assign(rounding_base=3)}

    assert "from 3 (0 to 8) to 36 (31 to 41) in twelve months" in change_sentences(rounded)[0]
    assert "from 3 to 36 in twelve months" in change_sentences(tables)[0]
