"""Bad files that an audit found read without a word: what is missing, and what stands twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.sources.bad_case import (
    MEXICO,
    NO_FOLIO,
    REGISTER,
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
from tests.sources.bad_counts import CITY, MUNICIPAL, line
from tests.sources.bad_counts import HEADER as MUNICIPAL_HEADER
from tests.sources.supplied import EVENTS, EVENTS_HEADER, clean, intake, written

OPEN_MONTHS = {f"2024-{m:02}": 5 if m <= 2 else 4 for m in range(1, 13)}


def without(*months: str) -> list[str]:
    return [row for row in fifty() if row.split(",")[1][:7] not in months]


def months(name: str, rows: list[str], said: Any = EVENTS, **verdict: Any) -> Bad:
    def run(folder: Path) -> Found:
        return by_month(read_events(folder, events_text(rows), said, first_day="2024-01-01"))

    return Bad("dates", name, run, **verdict)


def many(months_left_out: tuple[str, ...]) -> list[str]:
    """Return twenty events in each month of 2024, save those left out."""
    return [
        f"G{m}-{n},2024-{m:02}-{n + 3:02},08:30:00,ROBO,-100.43{n:04},20.56{n + m:04},"
        for m in range(1, 13)
        if f"2024-{m:02}" not in months_left_out
        for n in range(20)
    ]


def _at_new_year(at: int, row: dict[str, str]) -> None:
    if at >= 25:
        row["fecha"] = "2024-01-01"


def exported_twice(name: str, spelt: Callable[[str], str], **verdict: Any) -> Bad:
    """Write every event again, its folio spelt otherwise."""

    def run(folder: Path) -> Found:
        rows = fifty(lambda at, row: row.update(folio=f"{100 + at}"))
        if "CI" in name:
            rows = [f"CI/{row}" for row in rows]
        return by_month(read_events(folder, events_text([*rows, *map(spelt, rows)])))

    return Bad("shape", name, run, **verdict)


def _times_otherwise(folder: Path) -> Found:
    header = EVENTS_HEADER.removeprefix("folio,")
    rows = [
        f"2024-{i % 12 + 1:02}-{i % 28 + 1:02},08:{i:02}:00,ROBO,-100.44{i:04},20.56{i:04},Centro"
        for i in range(60)
    ]
    again = [row.replace(":00,ROBO", ",ROBO") for row in rows]
    return by_month(
        clean(intake(written(folder, "\n".join([header, *rows, *again, ""])), NO_FOLIO))
    )


def _other_folios(folder: Path) -> Found:
    rows = fifty()
    again = [f"Z{row}" for row in rows]
    return by_month(read_events(folder, events_text([*rows, *again])))


def _corrected(folder: Path) -> Found:
    """Two rows of one municipality, the second with the name spelt otherwise and other figures."""
    header = [*MUNICIPAL_HEADER, "Municipio"]
    text = "\n".join(
        [
            ",".join(header),
            f"{line()},Querétaro",
            f"{line(**dict.fromkeys(MUNICIPAL_HEADER[5:], '12'))},Santiago de Querétaro",
        ]
    )
    table = clean(intake(written(folder, text + "\n", "idm.csv"), MUNICIPAL)).tables
    return Found({"year": int(table["official_counts"]["events"].sum())}, {})


def _repeated(folder: Path) -> Found:
    text = "\n".join(
        [",".join([*MUNICIPAL_HEADER, "Municipio"]), f"{line()},Querétaro", f"{line()},QRO"]
    )
    cleaned = clean(intake(written(folder, text + "\n", "idm.csv"), MUNICIPAL))
    return Found({"year": int(cleaned.tables["official_counts"]["events"].sum())}, told_by(cleaned))


def _keys_as_numbers(folder: Path) -> Found:
    rows = [f"{row},{'22014' if at % 2 else '22014.0'}" for at, row in enumerate(fifty())]
    path = written(folder, "\n".join([f"{EVENTS_HEADER},mun", *rows]) + "\n")
    return by_month(clean(intake(path, EVENTS, where={"mun": "22014"})))


def scattered(
    name: str, place: Callable[[int, float, float], tuple[float, float]], n: int, **verdict: Any
) -> Bad:
    """Write events all over the two colonias, each moved by `place`."""

    def run(folder: Path) -> Found:
        rng = np.random.default_rng(0)
        rows = []
        for at in range(n):
            x = MEXICO["xs"][at % 2] + rng.uniform(0.001, 0.049)
            lon, lat = place(at, x, MEXICO["y"] + rng.uniform(0.001, 0.049))
            day = f"2024-{at % 12 + 1:02}-{at % 28 + 1:02}"
            rows.append(f"F{at},{day},{rng.integers(24):02}:30:00,ROBO,{lon:.6f},{lat:.6f},")
        return located(folder, read_events(folder, events_text(rows)))

    def seen(folder: Path) -> Found:
        found = run(folder)
        return Found({"events": sum(found.figures.values())}, found.account)

    return Bad("geo", name, seen if "truth" in verdict else run, **verdict)


def _answers(folder: Path, codes: Callable[[int], str], **said: Any) -> Found:
    """Return the share of forty-one who feel unsafe: code 2; 1 is safe."""
    rows = [f"2024-06,E1,U{i % 5},{10 + i},{codes(i)}" for i in range(80)]
    told = {
        "kind": "survey",
        "columns": {"wave": "o", "stratum": "s", "cluster": "u", "weight": "w"},
        "question": [{"column": "p", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
        **said,
    }
    cleaned = clean(intake(written(folder, "\n".join(["o,s,u,w,p", *rows, ""])), told))
    return Found(
        {"answers": int(cleaned.tables["survey"]["value"].notna().sum())}, told_by(cleaned)
    )


def _padron(folder: Path, share: float) -> Found:
    said = {
        **REGISTER,
        "indicator": [{"key": "m", "label": "i", "numerator": ["x"], "unit": "%"}],
    }
    table = clean(intake(two_colonias(folder, x=[share, 20.0]), said)).tables["indicators"]
    return Found({"mean": float(table["value"].mean())}, {})


def _one_city(folder: Path) -> Found:
    text = "t,ciudad,ind,p,cv\n2024-T1,Querétaro,inseguridad,0.6613,3\n"
    table = clean(intake(written(folder, text), CITY)).tables["city_perception"]
    return Found({"share": float(table["share"].iloc[0])}, {})


def _alias(folder: Path) -> Found:
    names = ("colonia_id", "name", "valid_from", "valid_until")
    said = {"kind": "aliases", "columns": dict(zip(names, "cndh", strict=True))}
    text = "c,n,d,h\n001,Viejo,2024-06-01,2023-06-01\n001,Otro,2023-06-01,2024-06-01\n"
    cleaned = clean(intake(written(folder, text), said))
    return Found({"aliases": len(cleaned.tables["aliases"])}, told_by(cleaned))


def _entries(folder: Path) -> Found:
    said = {"kind": "programme", "columns": {"colonia_id": "c", "entered_on": "a", "left_on": "b"}}
    text = "c,a,b\nC1,2023-01-01,\nC1,2024-01-01,\nC2,2022-01-01,2023-01-01\nC2,2023-01-01,\n"
    cleaned = clean(intake(written(folder, text), said))
    return Found({"entries": len(cleaned.tables["programme"])}, told_by(cleaned))


CASES = [
    months(
        "months without a row, and none before the cut",
        without("2024-05", "2024-11", "2024-12"),
        told=("hechos.csv", "2024-11", "2024-12", "2 months"),
    ),
    months(
        "a month without a row between full ones",
        many(("2024-05",)),
        told=("hechos.csv", "2024-05", "20 each"),
    ),
    months("the first month without a row", many(("2024-01",)), told=("hechos.csv", "2024-01")),
    months(
        "a month without a row, declared",
        many(("2024-05",)),
        {**EVENTS, "empty_months": ["2024-05"]},
        truth={f"2024-{m:02}": 20 for m in range(1, 13) if m != 5},
    ),
    Bad(
        "dates",
        "half of the days typed as 1 January",
        lambda folder: Found(
            {}, by_month(read_events(folder, events_text(fifty(_at_new_year)))).account
        ),
        truth={},
        account={"date_piled": 26},
    ),
    exported_twice(
        "two exports, the folios of one as numbers",
        lambda row: row.replace(",", ".0,", 1),
        truth=OPEN_MONTHS,
        account={"folio_repeated": 50},
    ),
    exported_twice(
        "two exports, CI in capitals and not",
        lambda row: row.replace("CI/", "ci/", 1),
        truth=OPEN_MONTHS,
        account={"folio_repeated": 50},
    ),
    Bad(
        "shape",
        "two exports without folio, their times with and without seconds",
        _times_otherwise,
        told=("hechos.csv", "row 2", "row 62", "60 rows"),
    ),
    Bad(
        "shape",
        "two exports that numbered their events anew",
        _other_folios,
        told=("hechos.csv", "row 2", "row 52", "50 rows"),
    ),
    Bad(
        "numbers",
        "a corrected row of a municipality whose name is spelt otherwise",
        _corrected,
        told=("idm.csv", "rows 2 and 3", "22014"),
    ),
    Bad(
        "numbers",
        "a row twice of a municipality whose name is spelt otherwise",
        _repeated,
        truth={"year": 120},
        account={"row_repeated": 1},
    ),
    Bad("numbers", "keys of areas as numbers", _keys_as_numbers, truth=OPEN_MONTHS),
    scattered(
        "two decimals with zeros behind them",
        lambda _, x, y: (round(x, 2), round(y, 2)),
        400,
        told=("hechos.csv", "400 of 400", "five decimals"),
    ),
    scattered(
        "four default points with a tenth of the events each",
        lambda at, x, y: (-100.449 + 0.01 * (at % 4), 20.56) if at < 160 else (x, y),
        400,
        truth={"events": 400},
        account={"heaps": 4, "on_a_heap": 160},
    ),
    scattered(
        "an office with a twentieth of the events",
        lambda at, x, y: (-100.4412, 20.5612) if at < 48 else (x, y),
        1_000,
        truth={"events": 1_000},
        account={"heaps": 1, "on_a_heap": 48},
    ),
    Bad(
        "unknown tokens",
        "half of the answers coded 01 and 02",
        lambda folder: _answers(folder, lambda i: ("1", "2", "01", "02")[i % 4]),
        told=("hechos.csv", "“p”", "“01”", "row 4", "40"),
    ),
    Bad(
        "unknown tokens",
        "one answer whose code nobody declared",
        lambda folder: _answers(folder, lambda i: "7" if i == 5 else "1"),
        truth={"answers": 79},
        account={"code_not_declared": 1},
    ),
    Bad(
        "unknown tokens",
        "many answers that nobody knows, declared",
        lambda folder: _answers(folder, lambda i: "129"[i % 3], tokens={"9": "not_known"}),
        truth={"answers": 54},
        account={"code_not_declared": None},
    ),
    Bad(
        "unknown tokens",
        "-9999 in place of a percentage of a colonia",
        lambda folder: _padron(folder, -9999),
        told=("padron.geojson", "“x”", "-9999", "row 2"),
    ),
    Bad("numbers", "one share among no percentages", _one_city, told=("“p”", "row 2", "0.6613")),
    Bad(
        "dates",
        "a name that ends before it begins",
        _alias,
        truth={"aliases": 1},
        account={"ends_before_it_begins": 1},
    ),
    Bad(
        "dates",
        "a colonia twice in the programme at once",
        _entries,
        truth={"entries": 3},
        account={"still_in_programme": 1},
    ),
]
