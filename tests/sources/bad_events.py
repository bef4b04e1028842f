"""Bad files of events: encoding, names, dates, shape, and points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.sources.bad_case import (
    MEXICO,
    NO_FOLIO,
    Bad,
    Found,
    by_month,
    events_text,
    fifty,
    located,
    read_events,
)
from tests.sources.supplied import EVENTS, EVENTS_HEADER

TRUE = {"001": 30, "002": 20}
LATIN = {**EVENTS, "file": {"encoding": "latin-1"}}
CP1252 = {**EVENTS, "file": {"encoding": "cp1252"}}
DAY_FIRST = {**EVENTS, "date_format": "%d/%m/%Y"}
# Without points, the written name decides.
NO_POINTS = {"columns": {k: v for k, v in EVENTS["columns"].items() if k not in {"lon", "lat"}}}


def bytes_case(name: str, content: bytes, said: Any = EVENTS, **verdict: Any) -> Bad:
    return Bad(
        "encoding",
        name,
        lambda folder: located(folder, read_events(folder, content, {**said, **NO_POINTS})),
        **verdict,
    )


TEXT = events_text(fifty())
HALF = TEXT.index("F020")

ENCODING = [
    bytes_case("utf-8", TEXT.encode(), truth=TRUE),
    bytes_case("utf-8 with a mark", b"\xef\xbb\xbf" + TEXT.encode(), truth=TRUE),
    bytes_case("declared cp1252", TEXT.encode("cp1252"), CP1252, truth=TRUE),
    bytes_case("declared latin-1", TEXT.encode("latin-1"), LATIN, truth=TRUE),
    bytes_case("undeclared latin-1", TEXT.encode("latin-1"), told=("line 2", "latin-1")),
    bytes_case(
        "utf-8 and latin-1 in one file",
        TEXT[:HALF].encode() + TEXT[HALF:].encode("latin-1"),
        LATIN,
        told=("two encodings", "line 2", "line 22"),
    ),
    bytes_case(
        "encoded twice",
        TEXT.encode().decode("latin-1").encode(),
        told=("line 2", "encoded twice"),
    ),
    bytes_case(
        "encoded twice through cp1252",
        TEXT.replace("Peñuelas", "ÑAÑA").encode().decode("cp1252").encode(),
        told=("line 2", "encoded twice"),
    ),
    bytes_case("Mac Roman", TEXT.encode("mac_roman"), LATIN, told=("line 2", "Mac Roman")),
    bytes_case(
        "Mac Roman declared cp1252", TEXT.encode("mac_roman"), CP1252, told=("line 2", "Mac Roman")
    ),
    bytes_case(
        "letters apart from their accents",
        TEXT.replace("ñ", "n\u0303").encode(),
        truth=TRUE,
    ),
    bytes_case(
        "a NUL byte", TEXT.replace("Peñuelas", "Pe\0uelas", 1).encode(), told=("line 2", "NUL")
    ),
    bytes_case("utf-16", TEXT.encode("utf-16"), told=("line 1", "utf-16")),
    bytes_case("utf-16 under latin-1", TEXT.encode("utf-16"), LATIN, told=("utf-16",)),
    bytes_case(
        "declared utf-16",
        TEXT.encode("utf-16"),
        {**EVENTS, "file": {"encoding": "utf-16"}},
        truth=TRUE,
    ),
    bytes_case(
        "a letter that was lost", TEXT.replace("ñ", "\ufffd").encode(), told=("line 2", "lost")
    ),
    bytes_case("semicolons", TEXT.replace(",", ";").encode(), told=("“;”", "“,”")),
    bytes_case("tabs", TEXT.replace(",", "\t").encode(), told=("\\t", "“,”")),
]


def named(name: str, change: Any, said: Any = EVENTS, **verdict: Any) -> Bad:
    def run(folder: Path) -> Found:
        return located(
            folder, read_events(folder, events_text(fifty(change)), {**said, **NO_POINTS})
        )

    return Bad("names", name, run, **verdict)


def spelt(*ways: str) -> Any:
    def change(at: int, row: dict[str, str]) -> None:
        if at < 30:
            row["colonia"] = ways[at % len(ways)]

    return change


NAMES = [
    named("case", spelt("Peñuelas", "PEÑUELAS", "peñuelas"), truth=TRUE),
    named("accents", spelt("Peñuelas", "Penuelas"), truth=TRUE),
    named("double spaces", spelt("Peñuelas", " Peñuelas  "), truth=TRUE),
    named("a space that does not break", spelt("Peñuelas", "\u00a0Peñuelas\u00a0"), truth=TRUE),
    named("abbreviations", spelt("Peñuelas", "Col. Peñuelas"), truth=TRUE),
    named(
        "an unknown colonia",
        spelt("Peñuelas", "Atlántida"),
        truth={"001": 15, "002": 20},
        account={"unknown_name": 15},
    ),
    named("blank", spelt("Peñuelas", ""), truth={"001": 15, "002": 20}, account={"no_place": 15}),
]


def dated(
    name: str,
    change: Any,
    said: Any = EVENTS,
    *,
    family: str = "dates",
    cutoff: str = "2024-12-31",
    **verdict: Any,
) -> Bad:
    def run(folder: Path) -> Found:
        return by_month(read_events(folder, events_text(fifty(change)), said, cutoff=cutoff))

    return Bad(family, name, run, **verdict)


def written(form: str) -> Any:
    """Write every date as the 3rd to the 22nd of January to December, in some form."""

    def change(at: int, row: dict[str, str]) -> None:
        row["fecha"] = form.format(d=at % 20 + 3, m=at % 12 + 1, y=2024)

    return change


def one(cell: str) -> Any:
    """Write `cell` as the date of the first row."""

    def change(at: int, row: dict[str, str]) -> None:
        if at == 0:
            row["fecha"] = cell

    return change


MONTHS = {f"2024-{m:02}": 5 if m <= 2 else 4 for m in range(1, 13)}
LESS = {**MONTHS, "2024-01": 4}


def instants(hour: str) -> Any:
    def change(at: int, row: dict[str, str]) -> None:
        day = "2024-02-01" if at % 2 else "2024-02-15"
        row["fecha"] = f"{day}T{hour}"

    return change


DATES = [
    dated("day first under ISO", written("{d:02}/{m:02}/{y}"), told=("“fecha”", "2025-12-31")),
    dated("day first, declared", written("{d:02}/{m:02}/{y}"), DAY_FIRST, truth=MONTHS),
    dated(
        "month first, declared day first",
        written("{m:02}/{d:02}/{y}"),
        DAY_FIRST,
        told=("“fecha”", "row 12", "%d/%m/%Y"),
    ),
    dated(
        "month first, and no day after the 12th",
        lambda at, row: row.update(fecha=f"{at % 12 + 1:02}/{at % 9 + 1:02}/2024"),
        DAY_FIRST,
        told=("“fecha”", "after the 12th"),
    ),
    dated("serial numbers", lambda at, row: row.update(fecha=str(45300 + at)), told=("“45300”",)),
    dated("one serial number", one("45750"), truth=LESS, account={"date_not_valid": 1}),
    dated("the 31st of February", one("2024-02-31"), truth=LESS, account={"date_not_valid": 1}),
    dated("blank", one(""), truth=LESS, account={"date_not_valid": 1}),
    dated("1900-01-00", one("1900-01-00"), truth=LESS, account={"date_not_valid": 1}),
    dated("the year 2205", one("2205-01-03"), truth=LESS, account={"date_not_valid": 1}),
    dated("the year 0202", one("0202-01-03"), truth=LESS, account={"date_not_valid": 1}),
    dated("words", written("{d} de enero de {y}"), told=("“3 de enero de 2024”",)),
    dated("one in words", one("3 de enero de 2024"), truth=LESS, account={"date_not_valid": 1}),
    dated("two digits of the year", written("{d:02}/{m:02}/24"), DAY_FIRST, told=("“03/01/24”",)),
    dated("a total", one("TOTAL"), truth=LESS, account={"date_not_valid": 1}),
    dated(
        "hours in UTC that belong to the day before",
        instants("02:30:00Z"),
        truth={"2024-01": 25, "2024-02": 25},
        cutoff="2024-02-29",
    ),
    dated(
        "hours with their zone",
        instants("20:30:00-06:00"),
        truth={"2024-02": 50},
        cutoff="2024-02-29",
    ),
    dated(
        "days written as midnight in UTC",
        instants("00:00:00.000Z"),
        truth={"2024-02": 50},
        cutoff="2024-02-29",
    ),
]

ROWS = fifty()
LINES = [EVENTS_HEADER, *ROWS]


def shaped(name: str, lines: list[str], said: Any = EVENTS, **verdict: Any) -> Bad:
    text = "\n".join(lines) + "\n"
    return Bad(
        "shape", name, lambda folder: located(folder, read_events(folder, text, said)), **verdict
    )


def moved(row: str, order: list[int]) -> str:
    cells = row.split(",")
    return ",".join(cells[at] for at in order)


SHAPE = [
    shaped(
        "the file pasted twice, with folios",
        [*LINES, *ROWS],
        truth=TRUE,
        account={"folio_repeated": 50},
    ),
    shaped(
        "the file pasted twice, without folios",
        [*LINES, *ROWS],
        NO_FOLIO,
        told=("row 2", "row 52", "50 rows"),
    ),
    shaped(
        "the file pasted twice, with its header",
        [*LINES, *LINES],
        truth=TRUE,
        account={"header_repeated": 1, "folio_repeated": 50},
    ),
    shaped(
        "the file pasted twice, with its header, without folios",
        [*LINES, *LINES],
        NO_FOLIO,
        told=("row 2", "row 53", "50 rows"),
    ),
    shaped("a block pasted twice", [*LINES, *ROWS[10:35]], NO_FOLIO, told=("25 rows", "row 52")),
    shaped("a total row", [*LINES, "Total,,,,,,50"], truth=TRUE, account={"date_not_valid": 1}),
    shaped(
        "a trailing comma on each row",
        [EVENTS_HEADER, *(f"{row}," for row in ROWS)],
        told=("row 2", "8 cells", "50 rows"),
    ),
    shaped(
        "a comma in a name",
        [*LINES, "F99,2024-01-03,,ROBO,,,Peñuelas, Centro"],
        told=("row 52", "8 cells"),
    ),
    shaped("shuffled columns", [moved(row, [6, 5, 4, 3, 2, 1, 0]) for row in LINES], truth=TRUE),
    shaped(
        "a repeated column",
        [f"{LINES[0]},fecha", *(f"{row},2024-01-03" for row in ROWS)],
        told=("“fecha”",),
    ),
    shaped("a stray quote", [*LINES, 'F99,2024-01-03,,"ROBO,,,Centro'], told=("row 52",)),
    shaped(
        "a quote inside a quoted cell",
        [*LINES, 'F99,2024-01-03,,"ROBO "A" CASA",,,Centro'],
        told=("row 52",),
    ),
    shaped("title lines", ["Carpetas de investigación", *LINES], told=("row 2", "7 cells")),
    shaped(
        "title lines, declared",
        ["Carpetas de investigación", *LINES],
        {**EVENTS, "file": {"header_row": 1}},
        truth=TRUE,
    ),
    shaped("no header", ROWS, told=("no column “folio”",)),
    shaped("a web page", ["<!DOCTYPE html>", "<p>Error 404"], told=("web page",)),
    shaped("an empty file", [], told=("empty",)),
    shaped("a header alone", LINES[:1], told=("no rows",)),
    shaped(
        "a row cut in the middle of the file",
        [*LINES, "F99,2024-01-03,08:", ROWS[0]],
        truth=TRUE,
        account={"row_cut_short": 1, "folio_repeated": 1},
    ),
    Bad(
        "shape",
        "a file cut in its last cell",
        lambda folder: located(folder, read_events(folder, TEXT[:-3])),
        told=("last line", "open_end"),
    ),
    Bad(
        "shape",
        "a file cut in a row",
        lambda folder: located(folder, read_events(folder, TEXT[:-30])),
        told=("last line", "open_end"),
    ),
]


def pointed(name: str, change: Any, said: Any = EVENTS, **verdict: Any) -> Bad:
    """Write the points otherwise, and no name that could decide."""

    def run(folder: Path) -> Found:
        rows = fifty(lambda at, row: (row.update(colonia=""), change(at, row)))
        return located(folder, read_events(folder, events_text(rows), said))

    return Bad("geo", name, run, **verdict)


def first_five(**cells: str) -> Any:
    return lambda at, row: row.update(cells) if at < 5 else None


def swap(row: dict[str, str]) -> None:
    row["lon"], row["lat"] = row["lat"], row["lon"]


def in_crs(crs: str) -> Any:
    from pyproj import Transformer  # noqa: PLC0415 - only these cases need it

    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def change(_: int, row: dict[str, str]) -> None:
        x, y = there.transform(float(row["lon"]), float(row["lat"]))
        row["lon"], row["lat"] = f"{x:.6f}", f"{y:.6f}"

    return change


def at_the_office(at: int, row: dict[str, str]) -> None:
    if at < 12:
        row["lon"], row["lat"] = "-100.410000", "20.560000"


def on_the_border(at: int, row: dict[str, str]) -> None:
    """Of two colonias of one size each point counts once, and always in the same one."""
    if at < 10:
        row["lon"] = str(MEXICO["xs"][1])


FEW = {"001": 25, "002": 20}

POINTS = [
    pointed("clean", lambda *_: None, truth=TRUE),
    pointed("all swapped", lambda _, row: swap(row), told=("50 of 50", "row 2", "“lon”")),
    pointed(
        "some swapped",
        lambda at, row: swap(row) if at < 5 else None,
        truth=FEW,
        account={"point_swapped": 5, "no_place": 5},
    ),
    pointed("some at 0,0", first_five(lon="0", lat="0"), truth=FEW, account={"no_place": 5}),
    pointed(
        "some without sign",
        first_five(lon="100.43"),
        truth=FEW,
        account={"point_outside_country": 5},
    ),
    pointed(
        "all without sign",
        lambda _, row: row.update(lon=row["lon"][1:]),
        told=("50 of 50", "“lon”"),
    ),
    pointed(
        "some NaN",
        first_five(lon="NaN", lat="NaN"),
        truth=FEW,
        account={"lon_not_valid": 5, "no_place": 5},
    ),
    pointed(
        "some outside every colonia",
        first_five(lon="-101.50001"),
        truth=FEW,
        account={"outside": 5},
    ),
    pointed("metres called degrees", in_crs("EPSG:32614"), told=("50 of 50", "“crs”")),
    pointed(
        "metres, declared",
        in_crs("EPSG:32614"),
        {**EVENTS, "file": {"crs": "EPSG:32614"}},
        truth=TRUE,
    ),
    pointed(
        "two decimals",
        lambda _, row: row.update(lon=row["lon"][:7], lat=row["lat"][:5]),
        told=("50 of 50", "five decimals"),
    ),
    pointed(
        "some with two decimals",
        lambda at, row: at < 5 and row.update(lon="-100.43", lat="20.57"),
        truth=FEW,
        account={"point_too_coarse": 5},
    ),
    pointed(
        "decimal commas",
        lambda _, row: row.update(lon=f'"{row["lon"].replace(".", ",")}"'),
        told=("50 of 50", "row 2"),
    ),
    pointed(
        "a default point that nobody declared",
        at_the_office,
        truth={"001": 18, "002": 20},
        account={"default_point": 12},
    ),
    pointed("points on the border", on_the_border, truth=TRUE),
    Bad(
        "geo",
        "another datum near the border",
        lambda folder: located(
            folder,
            read_events(
                folder,
                events_text(
                    fifty(
                        lambda at, row: (
                            row.update(lon=f"{float(row['lon']) + 0.04:.6f}") if at < 30 else None
                        )
                    )
                ),
            ),
        ),
        told=("30 of 50", "001", "002", "“crs”"),
    ),
]

CASES = [*ENCODING, *NAMES, *DATES, *SHAPE, *POINTS]
