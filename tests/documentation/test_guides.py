"""Guides do what they say, cell by cell, as somebody would who reads them in order."""

import math

import nbformat
import pytest

from labtools.messages import speaking
from labtools.paths import ENVIRONMENT_VARIABLE, bundled
from labtools.tables.contracts import check_table
from labtools.workflow.workbenches import init_workbench
from tests.evaluation.test_city_jump import cities
from tests.publish.released_example import write_released


def executed(name, **given):
    """Run the cells of a guide in one namespace, with some parameters given; return it."""
    book = nbformat.read(bundled("notebooks", "guides", f"{name}.ipynb"), as_version=4)
    first, *rest = (cell.source for cell in book.cells if cell.cell_type == "code")
    scope = {}
    with speaking("es_MX"):
        exec(compile(first, name, "exec"), scope)  # noqa: S102 - our own notebook
        scope.update(given)
        for cell in rest:
            exec(compile(cell, name, "exec"), scope)  # noqa: S102
    return scope


def test_the_files_of_an_invented_city_become_a_table_with_every_row_accounted_for(tmp_path):
    told = executed("sus_incidentes", carpeta=str(tmp_path))["tabla"].set_index(["paso", "fuente"])

    assert told.loc[("clean", "incidentes"), "razones"] == {"date_not_valid": 2}
    assert told.loc[("locate", "incidentes"), "razones"] == {"outside": 10}
    assert told.loc[("locate", "incidentes"), "conservados"] == 78


def test_what_chance_alone_does_is_not_taken_for_change():
    told = executed("leer_la_incertidumbre")

    assert told["una"].table["verdict"].item() == "none"
    assert list(told["mas"].table["verdict"]) == ["none", "none", "increase"]
    # Two Poisson counts of mean 12 differ by a fifth or more in 64 % of pairs (analysis.change).
    assert told["cambio"].ge(0.2).mean() == pytest.approx(0.64, abs=0.05)


def test_the_first_page_offers_the_form_of_the_ficha(tmp_path, monkeypatch):
    pytest.importorskip("ipywidgets")
    write_released(tmp_path / "reports" / "latest" / "public")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))

    form = executed("inicio")["formulario"]

    assert list(form.controls) == ["colonia_id", "period_end", "audience"]


def test_the_guide_to_a_jump_draws_it_and_says_what_was_the_citys_own(tmp_path, monkeypatch):
    bench = init_workbench(tmp_path / "lab")
    shares = cities(jump=0.25).assign(indicator="insecurity", cv=0.05)
    shares = shares[["city", "indicator", "quarter", "share", "cv"]]
    checked = check_table("city_perception", shares)
    checked.to_parquet(bench.processed / "city_perception.parquet", index=False)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(bench.root))

    told = executed("diciembre_2024", ciudad="city00", trimestre="2024-04")
    alone = executed("diciembre_2024", ciudad="nowhere", trimestre="2024-04")

    assert told["salto"].lasted == 1
    assert "Duró un trimestre" in told["dichos"][-1]
    assert told["dibujo"].data.startswith("<svg")
    assert "al menos 20 ciudades" in alone["dichos"][0]
    assert alone["dibujo"] == alone["motivo"]


def test_the_guide_to_programmes_finds_what_was_planted_and_admits_what_it_cannot_see():
    told = executed("evaluar_un_programa")
    low, high = told["visto"][["lower", "upper"]].iloc[0].map(math.exp)
    narrow, wide = (it["upper"].item() - it["lower"].item() for it in (told["visto"], told["duda"]))

    assert low < told["razon"] < high < 1
    assert told["duda"]["upper"].item() > 0
    assert wide > 2 * narrow
    assert told["bajaron"] > 0.05  # and nothing was done


def test_the_guide_to_publishing_breaks_what_is_only_hidden_and_not_what_is_rounded():
    told = executed("publicar_sin_senalar")

    assert told["ataque"].exact == told["tapados"].isna().sum() > 0
    assert told["contra"].exact == 0
    assert told["quedan"].min() >= 3


def test_the_guide_to_a_real_city_says_what_is_missing_and_goes_on_without_it():
    told = executed("ciudad_de_mexico")

    assert told["faltan"] == ["", ""]
    assert (told["dicho"], told["cuentas"], len(told["tasas"])) == ([], [], 0)


@pytest.mark.real_data
def test_a_borough_of_mexico_city_goes_from_its_files_to_rates_with_intervals(real_data, tmp_path):
    told = executed(
        "ciudad_de_mexico",
        carpetas=str(real_data / "cdmx" / "carpetas_fgj_2019_2023.csv.gz"),
        poligonos=str(real_data / "cdmx" / "colonias_iecm.gpkg"),
        carpeta=str(tmp_path),
    )
    found = {(it.step, it.source): it for it in told["cuentas"]}

    assert found["clean", "carpetas"].read == found["clean", "carpetas"].kept == 8_139
    assert len(told["tasas"]) + len(told["sin_gente"]) == found["clean", "colonias"].kept == 43
    at_home = told["por_mes"].to_numpy().sum()
    unpeopled = told["panel"][told["panel"]["colonia_id"].isin(told["sin_gente"])]["events"].sum()
    assert at_home + unpeopled == found["locate", "carpetas"].kept
    assert (told["tasas"]["lower"] < told["tasas"]["upper"]).all()
    assert told["cambios"].sum() == len(told["tasas"])
