"""Bad files that were thought of when all the others were read rightly."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import shapely
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.sources.bad_case import (
    MEXICO,
    Bad,
    Found,
    by_month,
    events_text,
    fifty,
    located,
    read_events,
    told_by,
    two_colonias,
)
from tests.sources.bad_counts import CENSUS, CITY
from tests.sources.supplied import EVENTS, EVENTS_HEADER, REGISTER, clean, intake, square, written

TRUE = {"001": 30, "002": 20}
MEXICAN = {**REGISTER, "bounds": (-118.7, 14.3, -86.4, 32.9)}
HEADER = EVENTS_HEADER.split(",")
XLSX = {**EVENTS, "file": {"format": "xlsx"}}
SURVEY = {
    "kind": "survey",
    "columns": {"wave": "o", "colonia_id": "c", "borough": "b", "stratum": "s", "cluster": "u",
                "weight": "w"},
    "question": [{"column": "p", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
}  # fmt: skip
VICTIMS = {
    "kind": "state_victims",
    "columns": {"month": "m", "area": "a", "type": "t", "subtype": "s", "mode": "d", "events": "n"},
}
ACTIONS = {
    "kind": "actions",
    "columns": {"colonia_id": "c", "done_on": "f", "action_type": "t", "dose": "d"},
}


def text_of(rows: list[list[str]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()


def events(
    family: str, name: str, change: Callable[[int, dict[str, str]], Any], **verdict: Any
) -> Bad:
    content = events_text(fifty(change))
    return Bad(
        family, name, lambda folder: located(folder, read_events(folder, content)), **verdict
    )


def by_hour(name: str, hour: str, **verdict: Any) -> Bad:
    content = events_text(fifty(lambda _, row: row.update(hora=hour)))

    def run(folder: Path) -> Found:
        cleaned = read_events(folder, content)
        counted = cleaned.tables["events"]["hour"].value_counts()
        return Found({str(at): int(n) for at, n in counted.items()}, told_by(cleaned))

    return Bad("dates", name, run, **verdict)


def pasted(second: list[str]) -> str:
    """Return fifty rows, and below them the same with their columns in the order of `second`."""
    rows = [row.split(",") for row in fifty(lambda at, row: row.update(folio=f"G{at}"))]
    order = [HEADER.index(name) for name in second]
    return events_text(
        [*fifty(), ",".join(second), *(",".join(row[i] for i in order) for row in rows)]
    )


def disguised(name: str, first: bytes, kind: str) -> Bad:
    return Bad(
        "encoding",
        name,
        lambda folder: located(folder, read_events(folder, first + bytes(600))),
        told=("hechos.csv", kind),
    )


def workbook(
    name: str,
    fill: Callable[[openpyxl.Workbook], None],
    said: Any = XLSX,
    cutoff: str = "2024-12-31",
    **verdict: Any,
) -> Bad:
    def run(folder: Path) -> Found:
        book = openpyxl.Workbook()
        fill(book)
        book.save(folder / "hechos.xlsx")
        return by_month(clean(intake(folder / "hechos.xlsx", said, cutoff=cutoff)))

    return Bad("Excel", name, run, **verdict)


def counted_from_1904(book: openpyxl.Workbook) -> None:
    book.epoch = CALENDAR_MAC_1904
    book.active.append(HEADER)
    for row in fifty(lambda at, row: row.update(fecha=f"2024-0{at % 2 + 3}-09")):
        cells: list[Any] = row.split(",")
        cells[1] = datetime.fromisoformat(cells[1])
        book.active.append(cells)


def half_turned(book: openpyxl.Workbook) -> None:
    """Days up to the 12th taken for months by the program; the others are left as text."""
    book.active.append(HEADER)
    for row in fifty():
        cells: list[Any] = row.split(",")
        day = datetime.fromisoformat(cells[1])
        cells[1] = (
            day.replace(month=day.day, day=day.month) if day.day <= 12 else day.strftime("%d/%m/%Y")
        )
        book.active.append(cells)


def hidden_rows(book: openpyxl.Workbook) -> None:
    book.active.append(HEADER)
    for row in fifty(lambda _, row: row.update(fecha="2024-03-09")):
        book.active.append(row.split(","))
    for at in range(10, 40):
        book.active.row_dimensions[at].hidden = True


def city(name: str, *rows: tuple[str, str, str], **verdict: Any) -> Bad:
    """Return figures of Querétaro: (quarter, percentage, coefficient of variation)."""
    content = text_of(
        [["t", "ciudad", "ind", "p", "cv"],
         *([when, "Querétaro", "inseguridad", share, cv] for when, share, cv in rows)]
    )  # fmt: skip

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "ensu.csv"), CITY))
        table = cleaned.tables["city_perception"].set_index("quarter")
        shares = {f"{when:%Y-%m}": round(100 * it, 2) for when, it in table["share"].items()}
        return Found(shares, told_by(cleaned))

    return Bad("numbers", name, run, **verdict)


def survey(
    family: str, name: str, change: Callable[[int, dict[str, str]], Any], **verdict: Any
) -> Bad:
    rows = []
    for at in range(60):
        row = {"o": "2024-06", "c": "001", "b": "Centro", "s": f"E{at % 2}", "u": f"U{at % 6}",
               "w": f"{100 + at}", "p": str(1 + at % 2)}  # fmt: skip
        change(at, row)
        rows.append(row)
    content = text_of([[*rows[0]], *([*row.values()] for row in rows)])

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "encuesta.csv"), SURVEY))
        return Found({"answers": len(cleaned.tables["survey"])}, told_by(cleaned))

    return Bad(family, name, run, **verdict)


def victims(name: str, rows: Mapping[str, str], **verdict: Any) -> Bad:
    """Return victims of one month by sex."""
    content = text_of(
        [["m", "a", "t", "s", "d", "sexo", "n"],
         *(["2024-01", "22", "Homicidio", "Doloso", "Arma", sex, n] for sex, n in rows.items())]
    )  # fmt: skip

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "victimas.csv"), VICTIMS))
        return Found(
            {"victims": int(cleaned.tables["official_counts"]["events"].sum())}, told_by(cleaned)
        )

    return Bad("shape", name, run, **verdict)


def by_sex_and_age(name: str, *rows: tuple[str, str, str], **verdict: Any) -> Bad:
    """Return victims of one month by sex and age."""
    content = text_of(
        [["m", "a", "t", "s", "d", "sexo", "edad", "n"],
         *(["2024-01", "22", "Homicidio", "Doloso", "Arma", *row] for row in rows)]
    )  # fmt: skip

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "victimas.csv"), VICTIMS))
        return Found(
            {"victims": int(cleaned.tables["official_counts"]["events"].sum())}, told_by(cleaned)
        )

    return Bad("shape", name, run, **verdict)


def actions(name: str, *doses: str, **verdict: Any) -> Bad:
    content = text_of(
        [
            ["c", "f", "t", "d"],
            *(["001", f"2024-01-0{at + 1}", "taller", it] for at, it in enumerate(doses)),
        ]
    )

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "acciones.csv"), ACTIONS))
        return Found({"dose": float(cleaned.tables["actions"]["dose"].sum())}, told_by(cleaned))

    return Bad("numbers", name, run, **verdict)


def census(name: str, *rows: str, **verdict: Any) -> Bad:
    content = "\n".join(["ENT,MUN,LOC,AGEB,MZA,POB", *rows]) + "\n"

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, content, "censo.csv"), CENSUS))
        people = cleaned.tables["census"].set_index("ageb_id")["value"]
        return Found({str(key): int(n) for key, n in people.items()}, told_by(cleaned))

    return Bad("Excel", name, run, **verdict)


def register(name: str, said: Any = MEXICAN, system: str = "", **columns: Any) -> Bad:
    def run(folder: Path) -> Found:
        path = two_colonias(folder, **columns)
        if system:
            told = json.loads(path.read_text(encoding="utf-8"))
            told["crs"] = {"type": "name", "properties": {"name": system}}
            path.write_text(json.dumps(told), encoding="utf-8")
        table = clean(intake(path, said)).tables["colonias"]
        return Found(dict(zip(table["colonia_id"], table["name"], strict=True)), {})

    return Bad("geo", name, run, told=("padron.geojson", "outside the country", "crs"))


def shapefile_without_its_parts(folder: Path) -> Found:
    path = folder / "solo"
    path.mkdir()
    areas = clean(intake(two_colonias(folder), REGISTER)).tables["colonias"]
    areas[["name", "geometry"]].to_file(path / "padron.shp")
    shutil.copy(path / "padron.shp", folder / "padron.shp")
    clean(intake(folder / "padron.shp", REGISTER))
    return Found({}, {})


def _two_crimes(at: int, row: dict[str, str]) -> None:
    row.update(folio=f"F{at // 2}", delito=("ROBO", "LESIONES")[at % 2])


def _one_correction(at: int, row: dict[str, str]) -> None:
    if at == 49:
        row.update(folio="F000", delito="LESIONES")


CASES = [
    events(
        "Excel",
        "folios rounded by a spreadsheet",
        lambda _, row: row.update(folio="1.23457E+12"),
        told=("hechos.csv", "“folio”", "row 2", "1.23457E+12", "50"),
    ),
    events(
        "shape",
        "a folio of the case and not of each crime",
        _two_crimes,
        told=("rows 2 and 3", "“F0”", "25"),
    ),
    events(
        "shape",
        "one row that corrects another",
        _one_correction,
        truth={"001": 30, "002": 19},
        account={"folio_repeated": 1},
    ),
    Bad(
        "shape",
        "two exports whose columns stand in another order",
        lambda folder: located(
            folder, read_events(folder, pasted([*HEADER[:3], "colonia", "lon", "lat", "delito"]))
        ),
        told=("row 52", "another order"),
    ),
    by_hour("hours of half a day, after noon", "8:30 p.m.", truth={"20": 50}),
    by_hour("hours of half a day, in capitals", "08:30:00 PM", truth={"20": 50}),
    by_hour("half past midnight, in hours of half a day", "12:30 a. m.", truth={"0": 50}),
    by_hour("noon, in hours of half a day", "12:30 pm", truth={"12": 50}),
    by_hour("13 o'clock in the afternoon", "13:05 p.m.", truth={"13": 50}),
    by_hour("hour zero in the morning", "00:30 a.m.", truth={"0": 50}),
    by_hour("hour zero in the afternoon", "00:30 p.m.", truth={}, account={"hour_unknown": 50}),
    by_hour("13 o'clock in the morning", "13:05 a.m.", truth={}, account={"hour_unknown": 50}),
    by_hour("fractions of seconds before the half day", "8:30:00.000 PM", truth={"20": 50}),
    by_hour("hours as a fraction of the day", "0.354166", truth={}, account={"hour_unknown": 50}),
    disguised("a PDF with the name of a text", b"%PDF-1.7\n", "PDF"),
    disguised(
        "an old workbook with the name of a text", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"
    ),
    disguised("a new workbook with the name of a text", b"PK\x03\x04", "XLSX"),
    disguised("a RAR with the name of a text", b"Rar!\x1a\x07\x00", "RAR"),
    workbook(
        "days counted from 1904",
        counted_from_1904,
        truth={"2024-03": 25, "2024-04": 25},
        cutoff="2024-04-30",
    ),
    workbook(
        "days that a spreadsheet of another country turned",
        half_turned,
        {**XLSX, "date_format": "%d/%m/%Y"},
        told=("hechos.xlsx", "“fecha”", "after the 12th"),
    ),
    workbook(
        "days that a spreadsheet turned, declared in ISO",
        half_turned,
        told=("hechos.xlsx", "“fecha”", "after the 12th"),
    ),
    workbook("rows hidden by a filter", hidden_rows, truth={"2024-03": 50}, cutoff="2024-03-31"),
    city(
        "shares among percentages",
        ("2024-T3", "38.27", "4"),
        ("2024-T4", "0.6613", "4"),
        told=("“p”", "row 3", "0.6613"),
    ),
    city(
        "a share of one where little is known to be small",
        ("2024-T3", "1.2", "4"),
        ("2024-T4", "0.9", "4"),
        truth={"2024-07": 1.2, "2024-10": 0.9},
    ),
    city(
        "coefficients of variation as shares",
        ("2024-T3", "38.27", "0.04"),
        ("2024-T4", "66.13", "0.05"),
        told=("“cv”", "row 2", "0.04"),
    ),
    city(
        "one coefficient of variation as a share",
        ("2024-T3", "38.27", "4"),
        ("2024-T4", "66.13", "0.05"),
        told=("“cv”", "row 3", "0.05"),
    ),
    city(
        "a coefficient of variation below nothing",
        ("2024-T3", "38.27", "-4"),
        ("2024-T4", "66.13", "5"),
        told=("“cv”", "row 2", "-4"),
    ),
    city(
        "a quarter after the cut",
        ("2024-T4", "66.13", "4"),
        ("2025-T1", "50", "4"),
        truth={"2024-10": 66.13},
        account={"after_cutoff": 1},
    ),
    survey(
        "dates",
        "waves with the month first",
        lambda _, row: row.update(o="06-2024"),
        told=("encuesta.csv", "“o”", "06-2024"),
    ),
    survey(
        "dates",
        "some waves after the cut",
        lambda at, row: row.update(o="2031-06") if at < 9 else None,
        truth={"answers": 51},
        account={"after_cutoff": 9},
    ),
    survey(
        "unknown tokens",
        "labels among codes",
        lambda at, row: row.update(p="Inseguro") if at > 30 else None,
        told=("encuesta.csv", "“p”", "row 33", "“Inseguro”", "29"),
    ),
    survey(
        "unknown tokens",
        "one label among codes",
        lambda at, row: row.update(p="NS") if at == 3 else None,
        truth={"answers": 60},
    ),
    victims(
        "the total of both sexes beside them",
        {"Hombre": "6", "Mujer": "4", "Total": "10"},
        truth={"victims": 10},
        account={"total_row": 1},
    ),
    victims(
        "a total of both sexes that does not add up",
        {"Hombre": "6", "Mujer": "4", "Total": "11"},
        told=("victimas.csv", "11", "10"),
    ),
    *(
        victims(
            f"both sexes together, called {word}",
            {"Hombre": "6", "Mujer": "4", word: "10"},
            truth={"victims": 10},
            account={"total_row": 1},
        )
        for word in ("Ambos sexos", "Ambos", "Todos")
    ),
    by_sex_and_age(
        "the total of both sexes at each age",
        ("Hombre", "Menor", "1"),
        ("Hombre", "Adulto", "5"),
        ("Mujer", "Menor", "2"),
        ("Mujer", "Adulto", "2"),
        ("Total", "Menor", "3"),
        ("Total", "Adulto", "7"),
        truth={"victims": 10},
        account={"total_row": 2},
    ),
    by_sex_and_age(
        "a total of both sexes at one age that does not add up",
        ("Hombre", "Menor", "1"),
        ("Hombre", "Adulto", "5"),
        ("Mujer", "Menor", "2"),
        ("Mujer", "Adulto", "2"),
        ("Total", "Menor", "7"),
        ("Total", "Adulto", "3"),
        told=("victimas.csv", "“n”", "row 6", "7", "3"),
    ),
    by_sex_and_age(
        "ages of both sexes together in every row",
        ("Total", "Menor", "3"),
        ("Total", "Adulto", "7"),
        truth={"victims": 10},
    ),
    actions("a dose below nothing", "5", "-5", told=("“d”", "row 3", "-5")),
    census(
        "keys without their zeros",
        "22,14,1,0,0,90",
        "22,14,1,001A,0,50",
        "22,14,1,24,0,40",
        truth={"220140001001A": 50, "2201400010024": 40},
        account={"keys_mended": 11},
    ),
    census(
        "keys with a hyphen and small letters",
        "22,014,0001,001-a,000,50",
        "22,014,0001,002-4,000,40",
        truth={"220140001001A": 50, "2201400010024": 40},
    ),
    census(
        "a key of no AGEB", "22,014,0001,0Z1A,000,50", told=("censo.csv", "“AGEB”", "row 2", "0Z1A")
    ),
    register("polygons of another country", geometry=[square(2, 48), square(3, 48)]),
    register("degrees declared as metres", system="urn:ogc:def:crs:EPSG::32614"),
    register(
        "one polygon far out at sea",
        geometry=[square(MEXICO["xs"][0], MEXICO["y"], 0.05), shapely.box(0, 0, 0.1, 0.1)],
    ),
    Bad(
        "geo",
        "the first file of a shapefile, alone",
        shapefile_without_its_parts,
        told=("padron.shp", "several files", ".shx"),
    ),
]
