"""Two workbenches on publishers' real files, from raw bytes to fichas."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.paths import Workbench
from labtools.places.interpolate import interpolate_counts, shares_of_area
from labtools.privacy.editions import PublishedEdition, attack_editions
from labtools.tables.account import Account, read_accounts
from labtools.tables.released import Released, read_ficha, slug
from labtools.tables.store import read_table
from labtools.workflow import processed as reading
from labtools.workflow.audit import audit
from labtools.workflow.forecasting import TABLES as FORECASTS
from labtools.workflow.making import make_edition
from labtools.workflow.prepared import prepare
from labtools.workflow.steps import open_workbench
from tests.real_data.workbenches import MILPA_ALTA, run, write_queretaro

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.slow,
]

#: Share of people who feel unsafe in Querétaro, as INEGI published it.
INSECURITY = {
    "2019-04": 58.57,
    "2021-10": 39.71,
    "2024-07": 38.27,
    "2024-10": 66.13,
    "2025-01": 39.75,
    "2025-04": 46.17,
}


def accounts(workbench: Workbench) -> dict[tuple[str, str], Account]:
    return {(a.step, a.source): a for a in read_accounts(workbench.accounts)}


def public(workbench: Workbench) -> Path:
    return workbench.reports / "latest" / "public"


def internal(workbench: Workbench) -> Path:
    return workbench.reports / "latest" / "internal" / "city" / "internal"


@pytest.fixture(scope="module")
def queretaro(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("queretaro")
    write_queretaro(folder, real_data)
    return run(folder)


@pytest.fixture(scope="module")
def fichas(queretaro) -> tuple[Released, ...]:
    return tuple(read_ficha(path) for path in sorted(public(queretaro).glob("fichas/*.json")))


def test_every_case_file_of_mexico_city_is_accounted_for_from_step_to_step(cdmx):
    found = accounts(cdmx)

    cleaned, located = found["clean", "carpetas"], found["locate", "carpetas"]
    assert (cleaned.read, cleaned.kept) == (1_099_353, 1_099_353)
    assert (located.read, located.kept) == (1_099_353, 1_097_975)
    assert dict(located.rejected) == {"outside": 1_378}
    assert found["classify", "carpetas"].kept == 1_099_353
    assert found["tabulate", "carpetas"].kept == 1_097_975


def test_the_panel_holds_exactly_the_case_files_that_were_located(cdmx):
    panel = read_table("panel", cdmx.processed)

    assert panel["events"].sum() == 1_097_975
    assert panel["colonia_id"].nunique() == 1_814
    assert panel["month"].nunique() == 60


def test_every_colonia_of_a_borough_has_its_ficha_and_its_page(cdmx):
    colonias = read_table("colonias", cdmx.processed)
    wanted = {slug(key) for key in colonias.loc[colonias["borough"] == MILPA_ALTA, "colonia_id"]}

    written = {path.stem for path in public(cdmx).glob("fichas/*.json")}
    pages = {path.stem for path in public(cdmx).glob("site/colonias/*.html")}

    assert len(wanted) == 12
    assert written == wanted
    assert wanted <= pages


def test_a_public_ficha_of_mexico_city_names_no_sensitive_crime_by_colonia(cdmx):
    for path in public(cdmx).glob("fichas/*.json"):
        tables = read_ficha(path).tables
        for name in ("crime", "series", "change", "place"):
            assert "sensitive" not in set(tables[name]["group"])


def test_four_successive_editions_of_mexico_city_give_no_count_away(cdmx, monkeypatch):
    opened = open_workbench(cdmx)
    # Scores of forecasts are no counts, and the attack does not read them: those of the run serve.
    made = {name: read_table(name, internal(cdmx)) for name in FORECASTS}
    monkeypatch.setattr(reading, "forecasts", lambda *_: made)
    editions = []
    for end in ("2023-03", "2023-06", "2023-09"):
        tables = make_edition(opened, prepare(opened, period_end=end), "public")
        editions.append(PublishedEdition(end, tables, "same"))
    run = cdmx.latest / "internal" / "city" / "public"
    tables = {path.stem: read_table(path.stem, run) for path in run.glob("*.parquet")}
    editions.append(PublishedEdition("2023-12", tables, "same"))

    found = attack_editions(editions)

    assert found.confidential.sum() == 1_814 * 20 * 4
    assert (found.exact, found.narrow) == (0, 0)


def test_what_is_published_of_two_real_municipalities_passes_the_audit(cdmx, queretaro):
    for bench in (cdmx, queretaro):
        found = audit(bench)

        assert found.ok
        assert len(found.editions) == 1


def test_the_register_of_queretaro_is_read_whole(queretaro):
    colonias = read_table("colonias", queretaro.processed)

    assert len(colonias) == 1_400
    assert colonias["population"].sum() == 989_406
    named = colonias.set_index("colonia_id")
    assert named.loc["22014_0586", ["name", "population"]].tolist() == ["La Sierrita", 602]
    assert named.loc["22014_1135", ["name", "population"]].tolist() == ["San Miguelito", 3_124]


def test_the_census_of_queretaro_counts_each_person_once(queretaro):
    census = read_table("census", queretaro.interim("clean"), as_name="censo_2020.census")
    people = census[census["variable"] == "POBTOT"]
    account = accounts(queretaro)["clean", "censo_2020"]

    assert (account.read, account.kept) == (29_818, 430)
    assert people["ageb_id"].is_unique
    assert people["value"].sum() == 1_002_636


def test_sharing_the_census_out_over_colonias_loses_nobody(queretaro):
    clean = queretaro.interim("clean")
    census = read_table("census", clean, as_name="censo_2020.census")
    people = census[census["variable"] == "POBTOT"].set_index("ageb_id")["value"]
    ageb = read_table("ageb", clean, as_name="ageb.ageb")
    colonias = read_table("colonias", clean, as_name="colonias.colonias")

    shares = shares_of_area(
        gpd.GeoDataFrame(ageb),
        gpd.GeoDataFrame(colonias),
        source_id="ageb_id",
        target_id="colonia_id",
        crs="EPSG:6372",
    )
    found = interpolate_counts(people, shares, pd.Index(colonias["colonia_id"]))

    # A million people in floating point: a millionth of a person is its rounding.
    assert found.counts.sum() + found.unallocated == pytest.approx(1_002_636, abs=1e-6)


def test_what_queretaro_feels_is_what_inegi_published(queretaro):
    perception = read_table("city_perception", queretaro.processed)
    city = perception[perception["city"] == "Querétaro"]

    shares = (city.set_index(city["quarter"].dt.strftime("%Y-%m"))["share"] * 100).round(2)

    assert shares.sort_index().to_dict() == INSECURITY


def test_both_colonias_of_the_programme_have_their_ficha(fichas):
    assert [ficha.colonia_id for ficha in fichas] == ["22014_0586", "22014_1135"]


def test_without_an_incident_file_no_figure_of_crime_is_given_and_none_is_zero(fichas):
    for ficha in fichas:
        crime = ficha.tables["crime"]
        figures = ["events", "events_low", "events_high", "rate", "lower", "upper", "smoothed"]
        assert set(crime["state"]) == {"missing"}
        assert crime[figures].isna().all(axis=None)
        assert ficha.tables["change"][["before", "now", "ratio"]].isna().all(axis=None)
        assert set(ficha.tables["change"]["verdict"]) == {"unknown"}
        assert ficha.tables["series"].empty


def test_both_fichas_say_plainly_that_no_incident_file_was_supplied(fichas, queretaro):
    for ficha in fichas:
        with speaking("es_MX"):
            told = sentences(ficha)
        page = public(queretaro) / "site" / "colonias" / f"{slug(ficha.colonia_id)}.html"

        (sentence,) = told["crime"]
        assert "no se entregó ningún archivo de incidentes" in sentence
        assert not any(character.isdigit() for character in sentence)
        assert any("No es cero" in line for line in told["unknowns"])
        assert "no se entregó ningún archivo de incidentes" in page.read_text(encoding="utf-8")
