"""What a run proposes for the demo: from its tables alone, and with every rule kept."""

import pandas as pd
import pytest

from labtools.targeting.catalogue import read_agencies, read_interventions
from labtools.workflow.prepared import prepare
from labtools.workflow.scaffolding import new_intervention
from labtools.workflow.steps import open_workbench
from tests.workflow.few import WITHHELD

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def table(finished):
    def read(name, audience="internal"):
        folder = finished.latest / "internal" / "city" / audience
        return pd.read_parquet(folder / f"{name}.parquet")

    return read


def test_every_colonia_has_every_need_told_or_unknown(table):
    needs = table("needs")

    assert len(needs) == 412 * 10
    assert set(needs.loc[needs["verdict"] == "unknown", "need"]) >= {"factor_1", "factor_8"}
    known = needs[needs["verdict"] != "unknown"]
    assert (known["lower"] <= known["share_lower"]).all()
    assert (known["share_lower"] <= known["upper"]).all()


def test_every_proposal_has_its_chain_and_cites_what_was_verified(table):
    catalogue, agencies = read_interventions().by_id(), read_agencies()
    named = {agency.id for agency in agencies.agency}

    for audience in ("internal", "public"):
        proposals = table("proposals", audience)
        assert len(proposals)
        assert proposals["verified_on"].notna().all()
        chain = proposals[["indicators", "need", "evidence", "agency_name"]]
        assert chain.map(len).gt(0).all(axis=None)
        assert set(proposals["agency"]) <= named
        assert all(catalogue[key].may_be_proposed for key in proposals["intervention"].unique())


def test_the_public_edition_proposes_nothing_where_nothing_may_be_shown(table):
    proposals = table("proposals", "public")

    assert WITHHELD not in set(proposals["colonia_id"])
    levels = {one.id: one.level for one in read_interventions().intervention}
    assert "terciario" not in set(proposals["intervention"].map(levels))
    internal = "citizen_report|civic_offence|network"
    assert not proposals["indicators"].str.contains(internal).any()


def test_what_networks_asked_for_stands_beside_what_the_data_say(table, finished):
    answers = pd.read_csv(finished.root / "suppliers" / "reuniones_red.csv")
    needs, met = table("needs"), table("network_agreement")

    told = needs[needs["participants"].notna()]
    assert set(told["colonia_id"]) == set(answers["colonia_id"]) == set(met["colonia_id"])
    assert told["need"].str.startswith("factor_").all()
    seats = answers.groupby("colonia_id")["participant"].nunique()
    assert told.groupby("colonia_id")["participants"].first().to_dict() == seats.to_dict()
    wanted = told[(told["asked_lower"] > 0.5) & (told["verdict"] != "above")]
    alone = table("proposals").query("indicators == 'network'")
    assert len(alone)
    pairs = zip(alone["colonia_id"], alone["need"], strict=True)
    assert set(pairs) <= set(zip(wanted["colonia_id"], wanted["need"], strict=True))


def test_a_catalogue_of_the_workbench_s_own_makes_another_run_of_the_same_data(copy_of, finished):
    bench = copy_of(finished)
    before = prepare(open_workbench(bench)).run_id

    new_intervention(bench, "huertos", "Huertos vecinales")

    assert prepare(open_workbench(bench)).run_id != before


def test_the_portfolio_keeps_its_budget_and_capacities(table):
    portfolio = table("portfolio")
    chosen = portfolio[portfolio["standing"].isin(["firm", "chosen"])]

    assert chosen["cost"].sum() <= 6_000_000
    counts = chosen["agency"].value_counts()
    assert counts.get("public_services", 0) <= 40
    assert counts.get("public_works", 0) <= 20
    assert counts.get("security", 0) <= 60
    assert (chosen["colonia_id"].value_counts() <= 2).all()
    assert (portfolio["lower"] <= portfolio["averted"]).all()


def test_a_larger_budget_averts_more_and_each_peso_less(table):
    curve = table("portfolio_frontier")

    assert curve["mean"].is_monotonic_increasing
    assert curve["price"].is_monotonic_decreasing


def test_no_evidence_that_nobody_verified_is_in_any_public_byte(finished):
    effects = [e for one in read_interventions().intervention for e in one.effect]
    seen = {text for e in effects if e.is_quotable for text in (e.claim, e.source)}
    hidden = {t for e in effects if not e.is_quotable for t in (e.claim, e.source)} - seen
    public = finished.latest / "public"
    pages = [p for p in public.rglob("*") if p.suffix in {".html", ".json", ".csv", ".js"}]

    said = "\n".join(path.read_text(encoding="utf-8") for path in pages)

    assert len(pages) > 10
    assert "Cerdá 2012" in said
    assert "Newark 1981" in hidden
    assert sorted(text for text in hidden if len(text) > 12 and text in said) == []
