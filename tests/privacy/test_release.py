import numpy as np
import pandas as pd
import pytest

from labtools.errors import PrivacyError
from labtools.privacy.keys import Keyring
from labtools.privacy.release import (
    ROUNDING_VARIANCE,
    check_release,
    protect_months,
    protect_quarters,
    withheld_colonias,
)
from labtools.privacy.rules import Evidence, protect_scores
from labtools.settings import Disclosure
from labtools.tables import vocabulary as words
from tests.publish.evaluation_example import evaluation, evaluation_facts

KEY = b"k" * 32
EVIDENCE = Evidence(frozenset({"small"}), Disclosure())
QUARTER = pd.Timestamp("2025-01-01")


def quarters(**events) -> pd.DataFrame:
    rows = [
        {"colonia_id": colonia, "quarter": QUARTER, "group": group, "events": n}
        for colonia, counts in events.items()
        for group, n in zip(words.GROUPS, counts, strict=True)
    ]
    return pd.DataFrame(rows).astype({"events": "Int64"}).assign(state="shown")


def refused(name, table, evidence=EVIDENCE):
    with pytest.raises(PrivacyError) as caught:
        check_release(name, table, evidence)
    return str(caught.value)


def colonias(**people: tuple[float, float]) -> pd.DataFrame:
    table = pd.DataFrame(people, index=["population", "dwellings"]).T
    return table.rename_axis("colonia_id").reset_index()


def test_colonias_below_a_floor_or_of_unknown_size_are_withheld():
    register = colonias(
        large=(500, 3), few_people=(499.9, 200), few_homes=(900, 2), unknown=(np.nan, 50)
    )

    assert withheld_colonias(register, Disclosure()) == {"few_people", "few_homes", "unknown"}


def test_where_dwellings_are_not_known_people_decide():
    register = colonias(a=(900, np.nan), b=(100, np.nan))

    assert withheld_colonias(register, Disclosure()) == {"b"}


def test_protected_counts_are_multiples_of_three_and_withheld_ones_are_empty():
    table = quarters(large=(1, 2, 4, 5), small=(1, 2, 0, 50))

    protected = protect_quarters(table, frozenset({"small"}), key=KEY)

    large, small = (protected[protected["colonia_id"] == c] for c in ("large", "small"))
    assert (large["events"] % 3 == 0).all()
    assert set(large["state"]) == {"shown"}
    assert small["events"].isna().all()
    assert set(small["state"]) == {"suppressed"}


def test_a_hidden_zero_looks_like_any_hidden_count():
    zero, many = quarters(small=(0, 0, 0, 0)), quarters(small=(90, 80, 70, 60))

    hidden = [protect_quarters(t, frozenset({"small"}), key=KEY) for t in (zero, many)]

    pd.testing.assert_frame_equal(*hidden)


def test_the_rounding_variance_told_to_the_analyses_is_that_of_the_rounding():
    # A remainder of 0, 1 or 2 gives variances 0, 2 and 2.
    assert pytest.approx((0 + 2 + 2) / 3) == ROUNDING_VARIANCE
    spread = quarters(**{f"c{i}": (30, 31, 32, 33) for i in range(5_000)})

    protected = protect_quarters(spread, frozenset(), key=KEY)

    error = (protected["events"] - spread["events"]).astype(float)
    by_group = (error**2).groupby(spread["group"]).mean()
    # Second moments over 5,000 cells: standard error about 0.014.
    assert by_group[list(words.GROUPS)].tolist() == pytest.approx([0, 2, 2, 0], abs=0.08)


def test_a_new_key_leaves_every_quarter_that_was_seen_as_it_was():
    seen = quarters(**{f"c{i}": (1, 2, 4, 5) for i in range(50)})
    coming = seen.assign(quarter=pd.Timestamp("2025-04-01"))
    ring = Keyring((("", KEY), ("2025-04-01", b"n" * 32)))

    alone, rotated = (
        [protect_quarters(of, frozenset(), key=key)["events"].tolist() for of in (seen, coming)]
        for key in (KEY, ring)
    )

    assert rotated[0] == alone[0]
    assert rotated[1] != alone[1]


def test_months_of_the_municipality_are_rounded_apart_from_the_quarters():
    months = pd.DataFrame(
        {"month": QUARTER, "group": "theft", "events": pd.array([100], dtype="Int64")}
    )

    keys = [bytes([i]) * 32 for i in range(64)]
    published = {int(protect_months(months, key=key)["events"][0]) for key in keys}

    assert published == {99, 102}


@pytest.mark.parametrize("name", ["events", "located", "survey", "panel", "quarters", "notes"])
def test_a_table_that_nobody_registered_is_refused(name):
    assert "not registered for release" in refused(name, pd.DataFrame())


@pytest.mark.parametrize("column", ["events", "before", "now"])
def test_a_count_that_was_not_rounded_is_refused_with_its_place(column):
    name = "crime" if column == "events" else "change"
    table = pd.DataFrame({"colonia_id": ["a", "b"], "group": "theft", column: [3, 4]})

    message = refused(name, table)

    assert "not rounded (1 cases; the first is colonia_id=b" in message


def test_a_sensitive_group_by_colonia_is_refused():
    table = pd.DataFrame({"colonia_id": ["a"], "group": [words.SENSITIVE], "events": [3]})

    assert "sensitive group by colonia" in refused("series", table)


def test_the_sensitive_group_goes_out_by_year_and_never_by_month():
    by_month = pd.DataFrame({"month": [QUARTER], "group": [words.SENSITIVE], "events": [3]})
    by_year = pd.DataFrame({"group": [words.SENSITIVE], "before": [300], "now": [306]})

    assert "sensitive group by month" in refused("municipality_series", by_month)
    assert check_release("municipality_crime", by_year, EVIDENCE)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("crime", {"events": 3}),
        ("crime", {"rate": 1.0}),
        ("crime", {"smoothed": 1.0}),
        ("crime", {"versus_municipality": "above"}),
        ("series", {"events_high": 2}),
        ("change", {"ratio": 2.0}),
        ("change", {"verdict": "increase"}),
        ("place", {"upper_share": 0.5}),
        ("indicators", {"value": 0.0}),
    ],
)
def test_any_figure_of_a_withheld_colonia_is_refused(name, figure):
    known = {"events": [3], "colonia_id": ["large"], "group": ["theft"]}
    empty = {"colonia_id": "small", "group": "theft", "state": "suppressed"}
    judged = {"verdict": "unknown", "versus_municipality": "unknown"}
    quiet = {**empty, **{k: v for k, v in judged.items() if k in figure}}

    told = pd.DataFrame({**known}).merge(pd.DataFrame([{**quiet, **figure}]), how="outer")
    silent = pd.DataFrame({**known}).merge(pd.DataFrame([quiet]), how="outer")

    assert "below the floor of population" in refused(name, told)
    assert check_release(name, silent, EVIDENCE)


def perceived(**row) -> pd.DataFrame:
    usual = {"area_kind": "colonia", "area": "large", "indicator": "insecurity", "source": "survey"}
    figures = {"share": 0.5, "lower": 0.4, "upper": 0.6, "respondents": 40}
    table = pd.DataFrame([{**usual, **figures, **row}])
    return table.astype({"respondents": "Int64"})


@pytest.mark.parametrize(
    "row",
    [
        {"respondents": 29},
        {"respondents": 29, "share": np.nan},
        {"respondents": pd.NA},
        {"respondents": pd.NA, "area_kind": "borough"},
    ],
)
def test_an_estimate_from_few_or_uncounted_people_is_refused(row):
    assert "too few people" in refused("perception", perceived(**row))


def test_an_estimate_of_a_withheld_colonia_is_refused_however_many_answered():
    table = perceived(area="small", respondents=400)

    assert "below the floor of population" in refused("perception", table)


@pytest.mark.parametrize(
    "row",
    [
        {"respondents": 30},
        {"respondents": pd.NA, "area_kind": "city"},
        {"respondents": 5, "share": np.nan, "lower": np.nan, "upper": np.nan},
    ],
)
def test_enough_people_an_official_city_or_an_empty_estimate_may_go_out(row):
    assert check_release("perception", perceived(**row), EVIDENCE)


@pytest.mark.parametrize("counted", ["places", "compared"])
def test_an_evaluation_of_few_colonias_is_refused(counted):
    table = evaluation()
    table.loc[3, counted] = 9

    with pytest.raises(PrivacyError, match="so few colonias"):
        check_release("evaluation", table, EVIDENCE)


def test_an_evaluation_of_many_colonias_may_go_out():
    assert "pooled" in check_release("evaluation", evaluation(), EVIDENCE)


def test_what_an_evaluation_taught_is_refused_and_its_plan_goes_out():
    plan = evaluation_facts()
    taught = plan.copy()
    taught.loc[len(taught)] = [plan.loc[0, "protocol"], "learned-value", -18.0, None]

    assert "by_nature" in check_release("evaluation_facts", plan, EVIDENCE)
    assert "learned-value" in refused("evaluation_facts", taught)


def test_how_true_counts_were_revised_is_refused_and_that_they_were_goes_out():
    plain = evaluation_facts()
    plain.loc[len(plain)] = [plain.loc[0, "protocol"], "recording-blocker", None, None]
    figures = plain.copy()
    figures.loc[len(figures) - 1, "said"] = '{"facts": {"after": 20.0, "before": 0.0}}'

    assert "by_nature" in check_release("evaluation_facts", plain, EVIDENCE)
    assert "recording-blocker" in refused("evaluation_facts", figures)


def test_a_change_between_waves_that_few_people_answered_is_refused():
    row = {
        "area_kind": "borough",
        "area": "Norte",
        "indicator": "insecurity",
        "before_period": pd.Timestamp("2024-11-01"),
        "period": pd.Timestamp("2025-11-01"),
        "before": 0.5,
        "now": 0.6,
        "difference": 0.1,
        "lower": -0.1,
        "upper": 0.3,
        "q_value": 0.4,
        "verdict": "none",
        "state": "shown",
        "source": "survey",
    }

    few, enough = (
        pd.DataFrame([row | {"respondents": n}]).astype({"respondents": "Int64"}) for n in (29, 30)
    )

    assert "too few people" in refused("perception_change", few)
    assert check_release("perception_change", enough, EVIDENCE)


@pytest.mark.parametrize(("counts", "group"), [(499, "theft"), (5_000, "sensitive")])
def test_a_score_of_few_counts_or_of_a_sensitive_group_is_refused(counts, group):
    table = pd.DataFrame({"group": [group], "counts": [counts], "crps": [0.3]})

    assert "scores over many colonias" in refused("scoreboard", table)


def test_one_colonia_moves_no_released_score_enough_to_be_told_from_it():
    # The attacker knows every count and forecast but one colonia's month, and solves for it.
    rng = np.random.default_rng(3)
    errors = rng.gamma(1, 0.4, 499)
    possible = np.abs(np.arange(8) - 1.3)

    exact = [
        pd.DataFrame({"group": ["theft"], "counts": [500], "crps": [(errors.sum() + error) / 500]})
        for error in possible
    ]
    released = [protect_scores(table) for table in exact]

    assert len({table["crps"][0] for table in released}) <= 3
    assert check_release("scoreboard", released[0], EVIDENCE)
    assert "more exactly" in refused("scoreboard", exact[0])


def modelled(**more):
    row = {
        "area_kind": "colonia",
        "area": "large",
        "indicator": "insecurity",
        "period": pd.Timestamp("2025-11-01"),
        "share": 0.61,
        "lower": 0.5,
        "upper": 0.7,
        "respondents": None,
        "state": "shown",
        "source": "model",
    }
    return pd.DataFrame([row | more]).astype({"respondents": "Int64"})


def test_a_models_share_goes_out_in_whole_per_cent_and_not_too_sure():
    assert check_release("perception", modelled(), EVIDENCE)
    assert "whole per cent" in refused("perception", modelled(share=0.613))
    assert "less than ten points" in refused("perception", modelled(lower=0.6, upper=0.65))
    assert "below the floor of population" in refused("perception", modelled(area="small"))


def test_probable_crime_of_a_withheld_colonia_or_from_true_counts_is_refused():
    row = {"colonia_id": "large", "group": "total", "events": 12, "reporting": 0.4}
    row |= {"reporting_lower": 0.2, "reporting_upper": 0.6, "probable": 30.0, "lower": 20.0}
    row |= {"upper": 60.0, "rate": 3.0, "rate_lower": 2.0, "rate_upper": 6.0}
    row |= {"basis": "own", "state": "shown"}

    tables = [
        pd.DataFrame([row | more]).astype({"events": "Int64"})
        for more in ({}, {"events": 13}, {"colonia_id": "small"})
    ]

    assert check_release("dark_figure", tables[0], EVIDENCE)
    assert "not rounded" in refused("dark_figure", tables[1])
    assert "below the floor of population" in refused("dark_figure", tables[2])


FEAR = ("fear", "fear_lower", "fear_upper")


def test_the_quadrant_of_a_withheld_colonia_is_refused():
    figures = dict.fromkeys(("both_high", "fear_only", "crime_only", "both_low"), np.nan)
    figures |= dict.fromkeys(("crime_ratio", "crime_lower", "crime_upper"), np.nan)
    figures |= dict.fromkeys(("fear", "fear_lower", "fear_upper"), np.nan)
    row = {"colonia_id": "small", **figures, "verdict": "both_high", "state": "suppressed"}

    assert "below the floor" in refused("fear_gap", pd.DataFrame([row]))
    assert check_release("fear_gap", pd.DataFrame([row | {"verdict": "unknown"}]), EVIDENCE)


@pytest.mark.parametrize(
    ("more", "fine"),
    [
        ({}, True),
        ({"fear_upper": 0.9}, False),
        ({"state": "insufficient"}, False),
        ({"state": "insufficient", **dict.fromkeys(("both_high", *FEAR), np.nan)}, False),
    ],
)
def test_fear_of_a_colonia_where_too_few_were_asked_is_refused(more, fine):
    figures = dict.fromkeys(("both_high", "fear_only", "crime_only", "both_low"), 0.25)
    figures |= dict.fromkeys(("crime_ratio", "crime_lower", "crime_upper"), 1.0)
    row = {"colonia_id": "large", **figures, "fear": 0.6, "fear_lower": 0.4, "fear_upper": 0.8}
    table = pd.DataFrame([row | {"verdict": "none", "state": "shown"} | more])

    if fine:
        assert check_release("fear_gap", table, EVIDENCE)
    else:
        assert "from too few people" in refused("fear_gap", table)


def proposed(**told) -> pd.DataFrame:
    row = {"colonia_id": "large", "evidence": "Somebody 2020", "verified_on": QUARTER}
    return pd.DataFrame([{**row, **told}])


@pytest.mark.parametrize(
    "told",
    [
        {"verified_on": pd.NaT},
        {"evidence": " "},
        {"conflict": "Baltimore, resultados mixtos (sin verificar)."},
        {"caveats": "not verified: do not cite"},
    ],
)
def test_evidence_that_nobody_verified_is_not_released(told):
    said = refused("proposals", proposed(**told))

    assert "interventions.toml" in said
    assert "large" in said


def test_nothing_is_proposed_in_public_for_a_colonia_below_the_floor():
    assert "below the floor" in refused("proposals", proposed(colonia_id="small"))
    assert check_release("proposals", proposed(), EVIDENCE)


@pytest.mark.parametrize(
    ("counts", "score"), [(499, None), (500, 0.12), (2_999, 0.12), (3_000, 0.123), (9_000, 0.123)]
)
def test_a_score_of_many_counts_is_told_in_two_digits_and_of_very_many_in_three(counts, score):
    table = pd.DataFrame({"group": ["theft"], "counts": [counts], "crps": [0.12345]})

    found = protect_scores(table)

    assert found["crps"].to_list() == ([] if score is None else [score])
    assert found["counts"].to_list() == ([] if score is None else [counts])
    if score is not None:
        assert check_release("scoreboard", found, EVIDENCE)


@pytest.mark.parametrize(("width", "fine"), [(0.09, False), (0.10, True), (0.11, True)])
def test_an_interval_of_ten_points_may_be_shown_of_a_colonia_and_a_narrower_one_may_not(
    width, fine
):
    table = modelled(lower=0.5, upper=0.5 + width)

    if fine:
        assert check_release("perception", table, EVIDENCE)
    else:
        assert "less than ten points" in refused("perception", table)


@pytest.mark.parametrize(("upper", "fine"), [(0.81, True), (0.82, False)])
def test_fear_is_shown_with_an_interval_of_forty_one_points_and_no_wider(upper, fine):
    figures = dict.fromkeys(("both_high", "fear_only", "crime_only", "both_low"), 0.25)
    figures |= dict.fromkeys(("crime_ratio", "crime_lower", "crime_upper"), 1.0)
    row = {"colonia_id": "large", **figures, "fear": 0.6, "fear_lower": 0.4, "fear_upper": upper}
    table = pd.DataFrame([row | {"verdict": "none", "state": "shown"}])

    if fine:
        assert check_release("fear_gap", table, EVIDENCE)
    else:
        assert "(1 cases; the first is colonia_id=large" in refused("fear_gap", table)


@pytest.mark.parametrize("counted", ["places", "compared"])
def test_ten_colonias_together_may_be_told(counted):
    table = evaluation()
    table.loc[3, counted] = 10

    assert check_release("evaluation", table, EVIDENCE)


def test_of_several_counts_that_were_not_rounded_the_first_is_told_and_all_are_counted():
    table = pd.DataFrame({"colonia_id": [*"abcd"], "group": "theft", "events": [3, 4, 0, 5]})

    assert "(2 cases; the first is colonia_id=b, group=theft, events=4)" in refused("crime", table)
