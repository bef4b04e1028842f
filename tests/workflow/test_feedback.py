"""What patrols discover is told apart from what people report, and corrects nothing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.perception.area_shares import AreaShares
from labtools.analysis.reporting import ReportingPrior
from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.narrative.feedback import feedback_sentences
from labtools.privacy.keys import Keyring
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.panel import count_origins
from labtools.tables.periods import Window
from labtools.workflow.dark_figure import (
    Reported,
    dark_figure_table,
    priority_tables,
    probable_crimes,
    probable_rates,
)
from labtools.workflow.edition import Edition
from labtools.workflow.fear_gap import fear_gap_table
from labtools.workflow.feedback import discovered_shares, feedback_table
from tests.sources.supplied import EVENTS, clean, events_file, intake, written

END = pd.Timestamp("2026-01-01")
YEAR = pd.DateOffset(years=1)
KEYS = [f"c{k}" for k in range(8)]
BASIS = pd.Series("own", KEYS)
SAID = {
    **EVENTS,
    "columns": {**EVENTS["columns"], "origin": "origen"},
    "origins": {"Denuncia": words.REPORTED, "Flagrancia": words.DISCOVERED},
}
HEADER = "folio,fecha,hora,delito,lon,lat,colonia,origen"


def edition(audience="internal"):
    window = Window(END - YEAR - YEAR, END - YEAR, END)
    return Edition(audience, window, frozenset(), frozenset(), Keyring((("", b"k" * 32),)), ())


def processed(found, told=10, *, month="2025-05-01"):
    """Return eight colonias, the first four in the programme, with thefts of known origin."""
    rows = [
        (key, pd.Timestamp(month), "theft", origin, n)
        for key, many in zip(KEYS, found, strict=True)
        for origin, n in ((words.DISCOVERED, many), (words.REPORTED, told - many))
        if n
    ]
    counts = pd.DataFrame(rows, columns=list(empty_table("origin_counts").columns))
    programme = pd.DataFrame({"colonia_id": KEYS[:4], "entered_on": END - YEAR, "left_on": pd.NaT})
    return {
        "origin_counts": counts.astype({"events": "Int64"}),
        "colonias": pd.DataFrame({"colonia_id": KEYS}),
        "programme": programme,
    }


def given(folder, *origins):
    rows = [f"F{k},2024-06-0{k + 1},10:00:00,ROBO,,,Centro,{o}" for k, o in enumerate(origins)]
    return intake(written(folder, "\n".join([HEADER, *rows]) + "\n"), SAID)


def test_a_file_tells_how_each_event_came_to_be_known(tmp_path):
    tables = clean(given(tmp_path, "DENUNCIA ", "flagrancia", "Oficio")).tables

    found = check_table("origins", tables["origins"])
    assert found["origin"].tolist() == [words.REPORTED, words.DISCOVERED, "unknown"]
    assert found["event_id"].tolist() == tables["events"]["event_id"].tolist()


def test_words_of_origin_that_nobody_declared_are_counted_and_told(tmp_path):
    found = clean(given(tmp_path, "Denuncia", "Oficio", "", " Parte informativo"))

    assert found.account.changed["origin_not_declared"] == 2
    with speaking("en"):
        (told,) = map(str, found.findings)
    assert told.startswith("carpetas: 2 rows say how their event came to be known in words that")
    assert "the first in row 3" in told


def test_nothing_is_told_where_every_word_of_origin_is_declared(tmp_path):
    found = clean(given(tmp_path, "Denuncia", "", "Flagrancia"))

    assert "origin_not_declared" not in found.account.changed
    assert found.findings == ()


def test_a_column_without_a_declared_word_is_refused(tmp_path):
    with pytest.raises(SourceError, match="origen"):
        clean(given(tmp_path, "1", "2"))


def test_a_file_that_does_not_say_it_has_no_table_of_it(tmp_path):
    path = events_file(tmp_path, "F1,2024-06-01,10:00:00,ROBO,,,Centro")

    assert set(clean(intake(path, EVENTS)).tables) == {"events"}


def test_located_case_files_are_counted_by_origin():
    events = pd.DataFrame(
        {
            "event_id": ["a", "b", "c", "d"],
            "record_type": "case_file",
            "colonia_id": ["c1", "c1", "c1", None],
            "occurred_on": pd.Timestamp("2025-03-09"),
            "crime_group": "theft",
        }
    )
    origins = pd.DataFrame({"event_id": ["a", "b"], "origin": [words.DISCOVERED] * 2})

    found = count_origins(events, origins, pd.Index(KEYS)).set_index("origin")["events"]

    assert found.to_dict() == {words.DISCOVERED: 2, "unknown": 1}


def test_a_colonias_share_is_its_own_drawn_towards_the_citys():
    found = discovered_shares(processed([4, 0, 0, 0, 0, 0, 0, 2]), edition())

    # (found + 10 city) / (told + 10), with 6 of 80 files in the city.
    assert np.allclose(found["theft"][["c0", "c1", "c7"]], [0.2375, 0.0375, 0.1375])
    # No origin is known of any robbery: it has the city's share of all crime.
    assert np.allclose(found["robbery"], 6 / 80)


def test_a_colonia_whose_files_tell_no_origin_has_the_citys_share():
    known = processed([4, 2, 0, 0, 0, 0, 0, 0])
    rows = known["origin_counts"]
    last = rows["colonia_id"] == "c7"
    rows.loc[last, ["origin", "events"]] = ["unknown", 40]

    found = discovered_shares(known, edition())

    assert found.loc["c7", "theft"] == pytest.approx(6 / 70)


def test_no_discovery_among_many_files_leaves_the_exact_upper_end_of_a_binomial():
    table = feedback_table(processed([0] * 8), edition()).set_index(["measure", "group"])

    row = table.loc[("discovered_share", "theft")]
    assert row[["value", "lower"]].tolist() == [0, 0]
    # Clopper and Pearson: of 80 files none, 1 - 0.025 ** (1 / 80).
    assert row["upper"] == pytest.approx(stats.beta.ppf(0.975, 1, 80))


def test_one_discovered_file_does_not_make_all_of_a_colonia_discovered():
    known = processed([0] * 7 + [10])
    rows = known["origin_counts"]
    rows.loc[rows["colonia_id"] == "c7", "events"] = 1

    found = discovered_shares(known, edition())

    assert found.loc["c7", "theft"] == pytest.approx((1 + 10 / 71) / 11)


def public_figures(known):
    """Return the public tables of crime and fear of an edition in which only origins differ."""
    people = known["colonias"].assign(population=1_000)
    groups = [(key, group) for key in KEYS for group in (*words.GROUPS, words.TOTAL)]
    crime = pd.DataFrame(groups, columns=["colonia_id", "group"])
    crime = crime.assign(events=90, person_years=1_000.0, smoothed=90.0, state=words.SHOWN)
    rng = np.random.default_rng(1)
    draws = pd.DataFrame(rng.uniform(0.05, 0.15, (40, 8)), columns=KEYS)
    rates = pd.DataFrame(rng.uniform(0.08, 0.1, (40, 8)), columns=KEYS)
    by_group = dict.fromkeys((*words.GROUPS, words.TOTAL), rates)
    fear = AreaShares(draws + 0.5, 0.3, 0.5, pd.Series(9.0, KEYS))
    prior = ReportingPrior(0.9, 0.85, 0.95, 0.3, {})
    reported = Reported(draws, prior, BASIS, discovered_shares(known, edition("public")))
    settings = SimpleNamespace(lab=SimpleNamespace(seed=7))
    parts = probable_crimes(crime, by_group, reported, edition("public"), settings)
    return (
        dark_figure_table(crime, parts, reported),
        fear_gap_table({"colonias": people}, crime, rates, reported, {"insecurity": fear}),
    )


def test_one_more_event_of_another_origin_changes_no_public_figure():
    known = processed([4, 0, 0, 0, 0, 0, 0, 2])
    more = pd.DataFrame([("c7", pd.Timestamp("2025-05-01"), "theft", words.DISCOVERED, 1)])
    more.columns = known["origin_counts"].columns
    changed = {**known, "origin_counts": pd.concat([known["origin_counts"], more])}

    before, after = public_figures(known), public_figures(changed)

    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_public_edition_knows_the_municipalitys_share_of_many_files_and_no_colonias():
    many = processed([90, 0, 0, 0, 0, 0, 0, 10], 100)
    moved = processed([10, 0, 0, 90, 0, 0, 0, 0], 100)
    few = processed([9, 0, 0, 0, 0, 0, 0, 1])

    shares = discovered_shares(many, edition("public"))

    # 100 of 800 files, in whole per cent; of other groups nothing is known but all crime's.
    assert (shares == round(100 / 800, 2)).all(axis=None)
    assert (discovered_shares(few, edition("public")) == 0).all(axis=None)
    for one, other in zip(public_figures(many), public_figures(moved), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_without_doubt_means_the_same_correction_at_its_mean():
    rng = np.random.default_rng(1)
    rates = pd.DataFrame(rng.uniform(9, 11, (60, 8)), columns=KEYS)
    draws = pd.DataFrame(0.1, range(40), KEYS)
    # Reporting is known for certain, and patrols discovered most of what two colonias recorded.
    shares = pd.DataFrame(0.0, KEYS, [words.TOTAL])
    shares.loc[["c0", "c1"]] = 0.9
    reported = Reported(draws, None, BASIS, shares)

    scenarios = priority_tables(rates, reported)["priority_sensitivity"].set_index("scenario")

    assert scenarios.loc["reporting_as_expected_without_doubt", "overlap"] == 1


@pytest.mark.parametrize("known", [processed([4] * 8, month="2023-05-01"), processed([0] * 8, 0)])
def test_without_origins_in_the_window_nothing_is_told_apart(known):
    assert (discovered_shares(known, edition()) == 0).all(axis=None)
    assert feedback_table(known, edition()).empty
    with speaking("en"):
        assert "not known" in feedback_sentences(feedback_table(known, edition()))[0]


def test_attention_that_makes_records_is_seen_and_chance_is_not():
    fed = feedback_table(processed([6, 7, 5, 6, 1, 2, 1, 2]), edition())
    alike = feedback_table(processed([1, 4, 2, 3, 2, 3, 4, 2]), edition())

    row = fed[fed["group"] == "total"].set_index("measure").loc["programme_ratio"]
    assert row["value"] == pytest.approx(4)
    assert row["lower"] > 1
    with speaking("en"):
        assert "Decide on what people reported" in feedback_sentences(fed)[1]
        assert "cannot be told apart from chance" in feedback_sentences(alike)[1]


def test_of_a_few_files_nothing_is_said():
    # Eight colonias with 1 of 2 discovered: sixteen files, and no share that is surely a half.
    assert feedback_table(processed([1] * 8, 2), edition()).empty


def test_colonias_that_happen_to_agree_are_no_surer_than_their_files():
    table = feedback_table(processed([4] * 4 + [2] * 4), edition()).set_index(["measure", "group"])

    share = table.loc[("discovered_share", "theft")]
    moved = 25 / 82  # 24 of 80, with one more of each
    reach = stats.t.ppf(0.975, 7) * np.sqrt(moved * (1 - moved) / 82)
    assert share["upper"] - share["value"] >= reach * 0.999
    ratio = table.loc[("programme_ratio", "theft")]
    own, other = 17 / 42, 9 / 42
    error = np.hypot(np.sqrt(own * (1 - own) / 42) / 0.4, np.sqrt(other * (1 - other) / 42) / 0.2)
    assert ratio["value"] == pytest.approx(2)
    assert np.log(ratio["upper"] / 2) == pytest.approx(stats.t.ppf(0.975, 3) * error)


def test_a_programme_with_other_kinds_of_crime_is_compared_kind_by_kind():
    # Patrols find 1 of 10 thefts and 9 of 10 of the others everywhere; the programme has more of
    # the others.
    known = processed([1] * 8)
    other = processed([27] * 4 + [9] * 4, 30)["origin_counts"]
    low = processed([1] * 4 + [9] * 4)["origin_counts"]
    other = pd.concat(
        [other[other["colonia_id"].isin(KEYS[:4])], low[low["colonia_id"].isin(KEYS[4:])]]
    )
    known["origin_counts"] = pd.concat([known["origin_counts"], other.assign(group="other")])

    table = feedback_table(known, edition()).set_index(["measure", "group"])

    assert table.loc[("programme_ratio", "total"), "value"] == pytest.approx(1)


def test_only_what_people_reported_is_corrected():
    rates = pd.DataFrame(10.0, range(4), KEYS)
    draws = pd.DataFrame(0.1, range(4), KEYS)
    shares = discovered_shares(processed([5] + [0] * 7), edition())

    found = probable_rates(rates, Reported(draws, None, BASIS, shares))

    # 5 of its 10, drawn towards 5 of 80; elsewhere none of 10.
    first, others = (5 + 10 / 16) / 20, (10 / 16) / 20
    assert np.allclose(found["c0"], 10 * (1 - first) / 0.1 + 10 * first)
    assert np.allclose(found["c1"], 10 * (1 - others) / 0.1 + 10 * others)
