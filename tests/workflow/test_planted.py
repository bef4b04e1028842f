"""People planted in every file that suppliers send: not one of their bytes is published."""

import csv
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from labtools.errors import PrivacyError
from labtools.privacy.readable import lines_of
from labtools.tables.store import read_table
from labtools.workflow.everything import run_everything
from labtools.workflow.steps import open_workbench
from tests.workflow.few import bytes_in

pytestmark = [pytest.mark.slow]

NAME, PHONE, CURP, PLATE = (
    "Eulalia Zumárraga Tlacaélel",
    "442 987 6501",
    "ZUTE850312MQTRLL09",
    "UXZ-987-K",
)
POINT = ("20.5873219", "-100.3871234")
SIGNS = (NAME, "Zumárraga", "Tlacaélel", PHONE, CURP, PLATE, POINT[0], POINT[1])

#: File → its form, and the columns a clerk may write a person into.
FREE = {
    "carpetas_investigacion.csv": ("utf-8", ",", ["narrativa", "delito", "colonia", "folio"]),
    "llamadas_911.csv": ("latin-1", ";", ["SUBTIPO", "COLONIA", "FOLIO"]),
    "reportes_070.csv": ("utf-8-sig", ",", ["Asunto", "Colonia", "Estatus", "Folio"]),
    "acciones_programa.csv": ("utf-8", ",", ["id", "colonia", "unidad"]),
    "programa_colonias.csv": ("utf-8", ",", ["colonia", "etapa"]),
    "encuesta_percepcion.csv": ("utf-8-sig", ",", ["FOLIO"]),
}
POINTS = {
    "carpetas_investigacion.csv": ("latitud", "longitud"),
    "llamadas_911.csv": ("LATITUD", "LONGITUD"),
    "reportes_070.csv": ("Latitud", "Longitud"),
}


def plant(folder, rng, free=FREE):
    """Write a person into some rows of each file, and an exact point where there are points."""
    for name, (encoding, sign, columns) in free.items():
        path = folder / name
        with path.open(encoding=encoding, newline="") as file:
            rows = list(csv.DictReader(file, delimiter=sign))
        for number, column in enumerate(columns):
            for row in rng.choice(rows, 3, replace=False):
                row[column] = f"{NAME} {PHONE} {CURP} {PLATE} {number}{rng.random()}"
        for row in rng.choice(rows, 3, replace=False) if name in POINTS else ():
            row.update(zip(POINTS[name], POINT, strict=True))
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, rows[0], delimiter=sign)
            writer.writeheader()
            writer.writerows(rows)


def plant_in_sheet(path):
    book = openpyxl.load_workbook(path)
    sheet = book.active
    column = next(c.column for c in sheet[1] if isinstance(sheet.cell(5, c.column).value, str))
    sheet.cell(6, column).value = f"{NAME} {CURP}"
    book.save(path)


def without_a_budget(bench):
    """Leave out what only the lab reads and takes seconds: the portfolio of actions."""
    text = bench.settings_file.read_text(encoding="utf-8")
    assert text.count("\nbudget = ") == 1
    bench.settings_file.write_text(text.replace("\nbudget = ", "\n# budget = "), "utf-8")
    return bench


def told(public):
    """Return the signs of the person that are in any published byte, however it is written."""
    found = set()
    for path in (p for p in public.rglob("*") if p.is_file()):
        content = path.read_bytes()
        text = "\n".join(lines_of(path.name, content))
        found |= {s for s in SIGNS if s in text or s.encode() in content}
    return found


def plant_small_cell(folder, subject="Homicidio doloso con arma de fuego"):
    """Add two case files of one kind, day and colonia where there were none of them."""
    path = folder / "carpetas_investigacion.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number in range(2):
        row = dict(rows[number]) | {"folio": f"SMALL-{number}", "delito": subject}
        rows.append(row | {"fecha_hecho": "2025-11-03", "longitud": "", "latitud": ""})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def counts_told(public):
    """Return every count of crime in the published tables, fichas and open data."""
    told = []
    for path in sorted(public.rglob("*")):
        if path.suffix == ".parquet":
            tables = [pd.read_parquet(path)]
        elif path.suffix == ".csv":
            tables = [pd.read_csv(path, encoding="utf-8-sig")]
        elif path.suffix == ".json" and path.parent.name == "fichas":
            ficha = json.loads(path.read_text(encoding="utf-8"))
            tables = [pd.DataFrame(rows) for rows in ficha["tables"].values()]
        else:
            continue
        for table in tables:
            if "group" in table or "year" in table:
                columns = [c for c in ("events", "before", "now") if c in table]
                told += [table[column].dropna() for column in columns]
    return pd.concat(told)


def test_the_planted_person_would_be_seen_if_published(tmp_path):
    (tmp_path / "x.html").write_text(f"<p title='{CURP}'>{NAME}</p>", encoding="utf-8")

    assert told(tmp_path) == {NAME, "Zumárraga", "Tlacaélel", CURP}


def test_a_person_planted_in_every_file_reaches_no_public_byte(supplied, copy_of):
    bench = without_a_budget(copy_of(supplied))
    plant(bench.root / "suppliers", np.random.default_rng(7))
    plant_in_sheet(bench.root / "suppliers" / "faltas_administrativas.xlsx")
    plant_small_cell(bench.root / "suppliers")

    run = run_everything(open_workbench(bench))

    assert read_table("portfolio", run / "internal" / "city" / "internal").empty
    assert len(list((run / "public" / "site" / "colonias").glob("*.html"))) >= 5
    assert told(run / "public") == set()
    counts = counts_told(run / "public").astype(float)
    assert len(counts) > 30_000
    assert (counts % 3 == 0).all()
    for path in bench.interim("clean").glob("*.events.parquet"):
        kept = pd.read_parquet(path, columns=["subject", "place", "borough"]).to_csv()
        assert not [sign for sign in SIGNS if sign in kept]


def test_a_person_in_a_column_that_is_published_stops_the_release(finished, copy_of):
    bench = copy_of(finished)
    free = {"acciones_programa.csv": ("utf-8", ",", ["tipo", "dependencia"])}
    path = bench.root / "suppliers" / "acciones_programa.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Prevención Social", "Lic. Juana Pérez Ramírez"), "utf-8")
    plant(bench.root / "suppliers", np.random.default_rng(7), free)
    before, site = bench.latest.resolve(), bytes_in(bench.latest / "public")

    with pytest.raises(PrivacyError, match=r"points to a person \(.+\) is in .* Nothing is publ"):
        run_everything(open_workbench(bench))

    assert bench.latest.resolve() == before
    assert bytes_in(bench.latest / "public") == site
