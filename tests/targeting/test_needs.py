import numpy as np
import pandas as pd
import pytest

from labtools import messages
from labtools.errors import AnalysisError
from labtools.targeting.action_log import gaps_table, read_log
from labtools.targeting.catalogue import read_agencies, read_interventions, read_taxonomies
from labtools.targeting.effects import effect_draws
from labtools.targeting.matching import SHORTLIST, proposals_table, with_crimes_fewer
from labtools.targeting.needs import comparable_colonias, needs_table, place_draws
from labtools.targeting.signs import share_draws, survey_draws

KEYS = [f"c{k:02d}" for k in range(30)]


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def constant(values, draws=50):
    return pd.DataFrame(np.tile(values, (draws, 1)), columns=KEYS)


def test_comparables_are_those_nearest_in_every_trait_and_never_itself():
    traits = pd.DataFrame({"people": np.arange(30.0), "density": np.arange(30.0) ** 3}, index=KEYS)

    found = comparable_colonias(traits, k=4)

    assert set(found.loc["c10"]) == {"c08", "c09", "c11", "c12"}
    assert all(key not in set(found.loc[key]) for key in KEYS)


def test_a_colonia_with_a_missing_trait_has_no_comparables_and_spoils_no_other():
    traits = pd.DataFrame({"people": [np.nan, *np.arange(29.0)]}, index=KEYS)

    found = comparable_colonias(traits, k=3)

    assert found.loc["c00"].isna().all()
    assert found.drop(index="c00").notna().all(axis=None)


def test_too_few_colonias_to_compare_are_refused():
    with pytest.raises(AnalysisError, match="31"):
        comparable_colonias(pd.DataFrame({"people": range(30)}, index=KEYS), k=30)


def test_the_place_is_the_share_of_comparables_with_less_need():
    comparables = pd.DataFrame([["c01", "c02", "c03", "c04"]], index=["c00"])
    draws = constant(np.r_[5.0, 1, 2, 5, 9, np.zeros(25)])

    more, less = (place_draws(draws, comparables, sign=sign) for sign in (1, -1))

    assert more["c00"].unique() == pytest.approx([(1 + 1 + 0.5) / 4])
    assert less["c00"].unique() == pytest.approx([(1 + 0.5) / 4])


def beside():
    return comparable_colonias(pd.DataFrame({"people": np.arange(30.0)}, index=KEYS), k=20)


def test_a_need_is_above_only_if_its_interval_is_and_unknown_without_an_indicator():
    rng = np.random.default_rng(3)
    values = np.r_[10.0, np.ones(29)]
    sure = pd.DataFrame(values + rng.normal(0, 0.1, (200, 30)), columns=KEYS)
    unsure = pd.DataFrame(values + rng.normal(0, 40, (200, 30)), columns=KEYS)

    table = needs_table({"unemployed": sure, "cohesion": unsure}, beside(), read_taxonomies())

    mine = table[table["colonia_id"] == "c00"].set_index("need")["verdict"]
    assert mine["factor_3"] == "above"
    assert mine["factor_5"] == "similar"
    assert mine["factor_6"] == "unknown"
    assert mine["crime"] == "unknown"
    assert len(table) == 10 * 30


def test_by_pure_noise_few_needs_are_called_above():
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.normal(0, 1, (300, 30)), columns=KEYS)

    table = needs_table({"unemployed": noise}, beside(), read_taxonomies())

    assert (table["verdict"] == "above").sum() == 0


def test_a_share_of_few_people_is_less_sure():
    share, people = pd.Series([0.2, 0.2], ["a", "b"]), pd.Series([50, 5_000], ["a", "b"])

    found = share_draws(share, people, size=4_000, rng=np.random.default_rng(1))

    assert found["a"].std() == pytest.approx(np.sqrt(0.2 * 0.8 / 51), rel=0.05)
    assert found["b"].std() == pytest.approx(np.sqrt(0.2 * 0.8 / 5_001), rel=0.05)


def felt(kind, area, share):
    return {
        "area_kind": kind,
        "area": area,
        "indicator": "insecurity",
        "period": pd.Timestamp("2025-11-01"),
        "share": share,
        "lower": share - 0.05,
        "upper": share + 0.05,
        "respondents": 100,
        "state": "shown",
        "source": "survey",
    }


def test_a_colonia_that_was_not_asked_takes_its_boroughs_share_and_moves_with_it():
    perception = pd.DataFrame([felt("colonia", "a", 0.8), felt("borough", "x", 0.5)])
    boroughs = pd.Series({"a": "x", "b": "x", "c": "x"})

    found = survey_draws(
        perception, "insecurity", boroughs, size=2_000, rng=np.random.default_rng(1)
    )

    assert found.mean().round(2).to_dict() == {"a": 0.8, "b": 0.5, "c": 0.5}
    pd.testing.assert_series_equal(found["b"], found["c"], check_names=False)


def test_a_survey_that_asked_nothing_gives_no_draws():
    boroughs = pd.Series({"a": "x"})

    found = survey_draws(
        pd.DataFrame([felt("city", "x", 0.5)]),
        "cohesion",
        boroughs,
        size=2,
        rng=np.random.default_rng(0),
    )

    assert found is None


def done(*rows):
    return pd.DataFrame(rows, columns=["colonia_id", "action_type", "agency", "times"])


def logged(*rows):
    return read_log(done(*rows), read_taxonomies(), read_agencies())


def test_the_log_is_read_in_the_words_of_the_catalogue():
    log = logged(
        ("c00", "Instalación de luminarias", "Servicios Públicos", 3),
        ("c00", "Marcha exploratoria", "Prevención Social", 1),
        ("c01", "Algo nuevo", None, 2),
    )

    assert log["intervention"].tolist() == ["street_lighting", "", "", ""]
    assert log["need"].tolist() == ["factor_4", "factor_4", "factor_5", ""]
    assert log["agency_id"].tolist() == ["public_services", "security", "security", ""]


def need(colonia, key, verdict, asked=np.nan):
    return {
        "colonia_id": colonia,
        "need": key,
        "indicators": "unemployed",
        "share_lower": 0.9,
        "lower": 0.8,
        "upper": 1.0,
        "comparables": 20,
        "verdict": verdict,
        "asked_lower": asked,
    }


def test_gaps_are_needs_without_action_and_actions_without_need():
    needs = pd.DataFrame(
        [
            need("c00", "factor_4", "above"),
            need("c00", "factor_3", "above"),
            need("c01", "factor_4", "similar"),
            need("c01", "factor_3", "unknown"),
            need("c02", "factor_3", "above"),
        ]
    )
    log = logged(
        ("c00", "Instalación de luminarias", "Servicios Públicos", 3),
        ("c01", "Instalación de luminarias", "Servicios Públicos", 1),
    )

    gaps = gaps_table(needs, log, pd.Index(["c00", "c01"]))

    assert gaps[["colonia_id", "need", "gap"]].to_numpy().tolist() == [
        ["c00", "factor_3", "need_without_action"],
        ["c01", "factor_4", "action_without_need"],
    ]


def test_what_most_of_a_network_asked_for_is_a_need_of_which_nothing_done_is_a_gap():
    needs = pd.DataFrame(
        [
            need("c00", "factor_3", "similar", asked=0.6),
            need("c00", "factor_4", "unknown", asked=0.4),
            need("c00", "factor_6", "below", asked=0.6),
        ]
    )
    log = logged(("c00", "Taller en escuela", "Educación y Cultura", 3))

    gaps = gaps_table(needs, log, pd.Index(["c00"]))

    assert gaps[["need", "gap"]].to_numpy().tolist() == [["factor_3", "need_without_action"]]


def proposed(needs, log=None):
    catalogue = read_interventions()
    effects = {
        outcome: effect_draws(
            catalogue.proposable(), outcome, size=200, rng=np.random.default_rng(2)
        )
        for outcome in ("crime", "fear")
    }
    found = logged() if log is None else log
    return proposals_table(pd.DataFrame(needs), catalogue, read_agencies(), found, effects)


def test_every_proposal_carries_its_chain_from_data_to_agency():
    table = proposed([need("c00", f"factor_{k}", "above") for k in range(1, 9)])

    assert len(table) == SHORTLIST
    for column in ("indicators", "need", "evidence", "agency", "agency_name", "caveats"):
        assert (table[column].str.len() > 0).all()
    assert table["verified_on"].notna().all()
    assert (table["strength"] == 3).all()


def test_no_proposal_cites_what_was_not_verified_or_harms_or_is_null():
    table = proposed([need("c00", f"factor_{k}", "above") for k in range(1, 9)])
    catalogue = read_interventions().by_id()

    for row in table.itertuples():
        one = catalogue[row.intervention]
        assert one.may_be_proposed
        assert one.strength > 0
        hidden = {e.source for e in one.effect if not e.is_quotable} - {
            e.source for e in one.effect if e.is_quotable
        }
        assert not any(source in row.evidence for source in hidden)


def test_what_most_of_a_network_asked_for_is_proposed_and_says_that_it_asked():
    table = proposed(
        [
            need("c00", "factor_4", "above", asked=0.7),
            need("c01", "factor_4", "similar", asked=0.7),
            need("c02", "factor_4", "similar", asked=0.5),
        ]
    )

    told = table.groupby("colonia_id")["indicators"].unique()
    assert told["c00"].tolist() == ["unemployed network"]
    assert told["c01"].tolist() == ["network"]
    assert "c02" not in told.index


def test_nothing_is_proposed_where_no_need_is_above():
    assert proposed([need("c00", "factor_4", "similar")]).empty


def test_crime_and_fear_are_told_apart_and_an_unknown_effect_stays_missing():
    table = proposed([need("c00", "factor_4", "above")]).set_index("intervention")

    assert table.loc["street_lighting", "crime_change"] < 0
    assert np.isnan(table.loc["street_lighting", "fear_change"])
    assert np.isnan(table.loc["vacant_lots", "crime_change"])
    assert table.loc["vacant_lots", "fear_upper"] <= 0
    assert "not_on_fear" in table.loc["street_lighting", "caveats"].split()


def test_what_is_already_being_done_says_so():
    log = logged(("c00", "Instalación de luminarias", "Servicios Públicos", 3))

    table = proposed([need("c00", "factor_4", "above")], log).set_index("intervention")

    assert table.loc["street_lighting", ["times_done", "standing"]].tolist() == [3, "under_way"]
    assert table.loc["vacant_lots", "standing"] == "proposed"


def test_what_an_action_means_here_is_its_effect_on_the_crimes_of_its_groups():
    table = proposed([need("c00", "factor_4", "above"), need("c01", "factor_4", "above")])
    crimes = {
        "theft": pd.DataFrame({"c00": [10.0] * 200, "c01": [40.0] * 200}),
        "other": pd.DataFrame({"c00": [500.0] * 200, "c01": [500.0] * 200}),
    }
    effects = pd.DataFrame({"street_lighting": [-0.2] * 200})

    told = with_crimes_fewer(table, read_interventions(), effects, crimes)

    lights = told[told["intervention"] == "street_lighting"].set_index("colonia_id")
    # Lighting acts on violence, robbery and theft: "other" is not among them.
    assert lights["fewer_lower"].to_dict() == pytest.approx({"c00": 2.0, "c01": 8.0})
    others = told[told["intervention"] != "street_lighting"]
    assert others[["fewer_lower", "fewer_upper"]].isna().all(axis=None)
    assert told["colonia_id"].tolist() == table["colonia_id"].tolist()


def test_an_action_whose_draws_mostly_rise_is_not_proposed():
    rng = np.random.default_rng(5)
    catalogue, agencies = read_interventions(), read_agencies()
    needs = pd.DataFrame([need("c00", "factor_4", "above")])

    def proposed_with(mean):
        effects = {"crime": pd.DataFrame({"street_lighting": rng.normal(mean, 0.05, 400)})}
        table = proposals_table(needs, catalogue, agencies, logged(), effects)
        return "street_lighting" in set(table["intervention"])

    assert proposed_with(-0.01)
    assert not proposed_with(0.01)


@pytest.mark.parametrize("outcome", ["crime", "fear"])
def test_a_need_of_crime_or_fear_leads_to_actions_shown_to_lower_that_very_outcome(outcome):
    catalogue = read_interventions().by_id()

    table = proposed([need("c00", outcome, "above")])

    assert len(table)
    assert set(table["need"]) == {outcome}
    for key in table["intervention"]:
        told = [e for e in catalogue[key].about(outcome) if e.is_quotable]
        assert any(e.direction == ("up" if e.reverse else "down") for e in told), key
    if outcome == "fear":
        assert "vacant_lots" in set(table["intervention"])
        assert "street_lighting" not in set(table["intervention"])
