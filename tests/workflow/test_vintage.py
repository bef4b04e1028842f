"""A new register is compared with the one before, and old names go on working."""

from datetime import date

import pytest

from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.privacy.keys import make_key
from labtools.tables.store import read_table
from labtools.workflow.decisions import stacked
from labtools.workflow.intake import PSEUDONYM_KEY, clean, collect
from labtools.workflow.revising import told_of_sources
from labtools.workflow.steps import open_workbench
from labtools.workflow.vintage import adopt_aliases, proposed_aliases
from tests.sources.supplied import register_file, square

SETTINGS = """
[lab]
name = "Lab"
municipality = "Querétaro"
municipality_id = "22014"
[colonias]
path = "padron.geojson"
descriptor = "padron"
cutoff = "{cutoff}"
[[source]]
name = "nombres"
path = "nombres.csv"
descriptor = "colonia_aliases"
cutoff = "2026-01-01"
"""
PADRON = """
kind = "colonias"
title = "Padrón"
publisher = "Municipio"
licence = "CC0"
[file]
format = "geo"
[columns]
id = "clave"
name = "nombre"
"""
WEST, EAST = (-100.40, 20.50), (-100.30, 20.50)


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "data" / "sources").mkdir(parents=True)
    (tmp_path / "data" / "sources" / "padron.toml").write_text(PADRON, encoding="utf-8")
    (tmp_path / "nombres.csv").write_text(
        "cve_col,nombre_escrito,delegacion,desde,hasta,motivo\n", encoding="utf-8"
    )
    make_key(tmp_path / "data" / "secrets", PSEUDONYM_KEY)
    return tmp_path


def register_of(bench, cutoff, **told):
    register_file(bench, **told)
    (bench / "lab.toml").write_text(SETTINGS.format(cutoff=cutoff), encoding="utf-8")
    opened = open_workbench(Workbench(bench))
    with speaking("en"):
        collect(opened)
        clean(opened)
    return opened


def changes_of(opened):
    folder = opened.workbench.interim("clean")
    return read_table("register_changes", folder, as_name="colonias.register_changes")


@pytest.fixture
def renewed(bench):
    """Return a workbench whose second register splits one colonia, renames one and adds one."""
    (x, y), (x2, y2) = WEST, EAST
    first = [square(x, y, 0.02), square(x2, y2, 0.02)]
    register_of(
        bench, "2024-12-31", clave=["1", "2"], nombre=["La Loma", "Las Peñas"], geometry=first
    )
    halves = [square(x + at, y, 0.02).intersection(first[0]) for at in (-0.01, 0.01)]
    return register_of(
        bench,
        "2025-12-31",
        clave=["11", "12", "2", "3"],
        nombre=["La Loma Norte", "La Loma Sur", "Peñuelas", "Nueva"],
        geometry=[*halves, first[1], square(-100.2, 20.5, 0.02)],
    )


def test_what_became_of_each_colonia_is_told_when_a_register_is_cleaned(renewed):
    changes = changes_of(renewed)

    told = changes.astype("object").where(changes.notna(), None)
    pairs = set(zip(told["old_name"], told["new_name"], told["change"], strict=True))
    assert pairs == {
        ("La Loma", "La Loma Norte", "split"),
        ("La Loma", "La Loma Sur", "split"),
        ("Las Peñas", "Peñuelas", "renamed"),
        (None, "Nueva", "new"),
    }
    alone, said = told_of_sources(renewed)["findings"]["told"]
    assert "2 polygons lie away from all others" in alone
    assert "1 new, 0 gone, 1 with another name, 2 parts of what was split" in said


def test_the_names_of_the_old_register_are_proposed_and_added_once(renewed):
    rows = proposed_aliases(renewed, date(2026, 1, 2))

    adopt_aliases(renewed, rows, who="Ana")
    collect(renewed)
    clean(renewed)

    known = stacked(renewed, "aliases")
    assert sorted(zip(known["name"], known["colonia_id"], strict=True)) == [
        ("La Loma", "11"),
        ("La Loma", "12"),
        ("Las Peñas", "2"),
    ]
    assert set(known["why"]) == {"split 2026-01-02, Ana", "renamed 2026-01-02, Ana"}
    assert proposed_aliases(renewed, date(2026, 1, 2)).empty


def test_a_first_register_changed_nothing(bench):
    opened = register_of(
        bench, "2024-12-31", clave=["1"], nombre=["Centro"], geometry=[square(-100.4, 20.5, 0.02)]
    )

    assert changes_of(opened).empty
    assert told_of_sources(opened)["findings"].empty
