"""Bad files of an attacker: copies in another order, half days, other sums, the wrong column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.sources.bad_by_hand import BOTH, months, no_points, put
from tests.sources.bad_case import (
    NO_FOLIO,
    Bad,
    Found,
    by_month,
    events_text,
    fifty,
    located,
    read_events,
    told_by,
)
from tests.sources.bad_counts import CITY, city, line
from tests.sources.supplied import EVENTS, EVENTS_HEADER, clean, intake, written

LEVELS = {"type": "t", "subtype": "s", "mode": "o"}
KINDS: Mapping[str, tuple[str, dict[str, str]]] = {
    "actions": (
        "c,f,t,d",
        {"colonia_id": "c", "done_on": "f", "action_type": "t", "dose": "d"},
    ),
    "programme": ("c,f,b", {"colonia_id": "c", "entered_on": "f", "left_on": "b"}),
    "codings": ("s,c,q", {"subject": "s", "crime_code": "c", "coder": "q"}),
    "aliases": ("c,n,f", {"colonia_id": "c", "name": "n", "valid_from": "f"}),
    "network_answers": (
        "c,f,p,n,r",
        {"colonia_id": "c", "held_on": "f", "participant": "p", "need": "n", "rank": "r"},
    ),
    "state_victims": ("m,a,t,s,o,n", {"month": "m", "area": "a", "events": "n", **LEVELS}),
    "ageb_index": ("k,p,i", {"id": "k", "population": "p"}),
    "survey": (
        "o,c,s,u,w,p",
        {"wave": "o", "colonia_id": "c", "stratum": "s", "cluster": "u", "weight": "w"},
    ),
}
MORE: Mapping[str, dict[str, Any]] = {
    "survey": {"question": [{"column": "p", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}]},
    "ageb_index": {
        "indicator": [{"key": "poverty", "label": "Pobreza", "unit": "%", "numerator": ["i"]}]
    },
}


def text_of(name: str, make: Callable[[], str], said: Any = EVENTS, **verdict: Any) -> Bad:
    """Return a bad file of events, as text."""
    family = verdict.pop("family", "shape")

    def run(folder: Path) -> Found:
        return located(folder, read_events(folder, make(), said))

    return Bad(family, name, run, **verdict)


def of_kind(kind: str, name: str, rows: list[str], figure: str = "", **verdict: Any) -> Bad:
    """Return a bad file of another kind; `figure` is a column that is added up."""
    header, columns = KINDS[kind]
    said: dict[str, Any] = {"kind": kind, "columns": columns}
    said |= MORE.get(kind, {})

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, "\n".join([header, *rows]) + "\n"), said))
        (table,) = cleaned.tables.values()
        return Found({"sum": float(table[figure].sum())} if figure else {}, told_by(cleaned))

    return Bad(verdict.pop("family", "shape"), name, run, **verdict)


def eight(row: str) -> list[str]:
    return [row.format(n=n) for n in range(1, 9)]


def again(*, mix: Callable[[list[str]], Any], folio: bool) -> str:
    """Return fifty events and a copy of them in another order, under other folios or none."""
    rows = fifty()
    copies = [f"Z{row}" for row in rows]
    mix(copies)
    text = events_text([*rows, *copies])
    return text if folio else "\n".join(row.partition(",")[2] for row in text.split("\n"))


def _shuffled(rows: list[str]) -> None:
    """Put rows in another order: every seventh, from each of the first seven."""
    rows[:] = [rows[at] for first in range(7) for at in range(first, len(rows), 7)]


def many(day: Callable[[int], str], hour: Callable[[int], int] = lambda _: 8) -> str:
    rows = [f"G{n},{day(n)},{hour(n):02}:30,ROBO,-100.43{n:04},20.56{n:04}," for n in range(240)]
    return events_text(rows)


def in_two(change: Callable[[str], str]) -> str:
    """Return fifty events as two exports, one after the other, the second one changed."""
    return events_text(fifty()[:25]) + change(events_text(fifty()[25:]))


def book(
    name: str, fill: Callable[[Workbook, Worksheet], Any], said: Any = EVENTS, **verdict: Any
) -> Bad:
    def run(folder: Path) -> Found:
        workbook = Workbook()
        sheet = workbook.active
        assert isinstance(sheet, Worksheet)
        fill(workbook, sheet)
        workbook.save(folder / "hechos.xlsx")
        told = {**said, "file": {"format": "xlsx"}}
        return by_month(clean(intake(folder / "hechos.xlsx", told)))

    return Bad("Excel", name, run, **verdict)


def _fill(sheet: Worksheet, rows: list[str]) -> None:
    sheet.append(EVENTS_HEADER.split(","))
    for row in rows:
        sheet.append(row.split(","))


def _hidden(workbook: Workbook, sheet: Worksheet) -> None:
    _fill(sheet, fifty()[:25])
    other = workbook.create_sheet("anterior")
    _fill(other, fifty()[25:])
    other.sheet_state = "hidden"


def _in_per_cent(_: Workbook, sheet: Worksheet) -> None:
    sheet.append(["t", "ciudad", "ind", "p", "cv"])
    for quarter in range(1, 5):
        sheet.append([f"2024-T{quarter}", "Querétaro", "inseguridad", 0.38, 0.04])
    for row in sheet.iter_rows(min_row=2, min_col=4):
        for cell in row:
            cell.number_format = "0.0%"


def _units(_: Workbook, sheet: Worksheet) -> None:
    _fill(sheet, ["(texto),(dd/mm/aaaa),(24 h),(texto),(grados),(grados),(texto)", *fifty()])


def sums(name: str, words: tuple[str, str], **verdict: Any) -> Bad:
    row = ["2024", "22014", "Robo", *words, *["10"] * 12]
    return months(name, [line(), ",".join(row)], **verdict)


ONCE = {f"2024-{m:02}": 5 if m <= 2 else 4 for m in range(1, 13)}
CASES = [
    text_of(
        "events again in reverse, under other folios",
        lambda: again(mix=list.reverse, folio=True),
        told=("50 of 100 rows", "two exports"),
    ),
    text_of(
        "events again in another order, without folio",
        lambda: again(mix=_shuffled, folio=False),
        NO_FOLIO,
        told=("50 of 100 rows", "two exports"),
    ),
    text_of(
        "hours of half a day that do not say which",
        lambda: many(lambda n: f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}", lambda n: n * 7 % 12 + 1),
        family="dates",
        told=("hora", "none of 240 hours", "from 0 to 23"),
    ),
    text_of(
        "days before months in ISO",
        lambda: many(lambda n: f"2024-{n % 28 + 1:02}-{n % 12 + 1:02}"),
        family="dates",
        told=("fecha", "2024-13-01"),
    ),
    text_of(
        "one year with a slip, ten years before",
        lambda: events_text(fifty(put("fecha", "2014-05-06", every=50))),
        family="dates",
        told=("2014-06", "months are missing"),
    ),
    text_of(
        "folios that begin anew each year",
        lambda: events_text(fifty(lambda at, row: row.update(folio=f"{at % 25:03}"))),
        told=("folio", "“001”", "24 such rows", "of the case file"),
    ),
    text_of(
        "a header again in capitals",
        lambda: in_two(lambda text: text.replace(EVENTS_HEADER, EVENTS_HEADER.upper())),
        truth=BOTH,
        account={"date_not_valid": 1},
    ),
    text_of(
        "a mark of UTF-8 and a header in the middle",
        lambda: in_two(lambda text: "\ufeff" + text),
        family="encoding",
        truth=BOTH,
        account={"date_not_valid": 1},
    ),
    text_of(
        "lines that end as in old computers",
        lambda: events_text(fifty()).replace("\n", "\r"),
        truth=BOTH,
    ),
    text_of(
        "a line for the spreadsheet program above the header",
        lambda: f"sep=,\n{events_text(fifty())}",
        told=("row 2", "the header has 2"),
    ),
    text_of(
        "quotes escaped by a stroke",
        lambda: events_text(fifty()).replace("ROBO", '"ROBO A \\"NEGOCIO\\""', 1),
        told=("row 2",),
    ),
    text_of(
        "the sign that old systems end a file with",
        lambda: events_text(fifty()) + "\x1a",
        told=("last line",),
    ),
    text_of(
        "names of colonias that a program took for days",
        lambda: events_text(fifty(no_points(put("colonia", "2024-02-01", every=2)))),
        family="Excel",
        truth={"001": 15, "002": 10},
        account={"doubtful_name": 25},
    ),
    *(
        sums(f"a sum called {words[1]}", words, truth={"año": 120}, account={"total_row": 1})
        for words in (
            ("Robo", "Subtotal"),
            ("Total Robo", "Total Robo"),
            ("Robo", "Suma de Robo"),
            ("Robo", "Gran total general"),
            ("Robo", "Todas las modalidades"),
        )
    ),
    months(
        "a sum called Subtotal that does not add up",
        [line(), ",".join(["2024", "22014", "Robo", "Robo", "Subtotal", *["11"] * 12])],
        told=("Enero", "row 3", "11", "10"),
    ),
    of_kind(
        "actions",
        "names of colonias where actions have their keys",
        eight("Las Peñas {n},2024-05-0{n},taller,1"),
        told=("none of its 8 rows", "key not valid"),
    ),
    of_kind(
        "actions",
        "a total of the actions, with its date",
        [*eight("00{n},2024-05-0{n},taller,1"), ",2024-05-31,TOTAL,8"],
        "dose",
        truth={"sum": 8.0},
        account={"total_row": 1},
    ),
    of_kind(
        "programme",
        "entries with the day first under ISO",
        eight("00{n},0{n}/05/2024,"),
        family="dates",
        told=("none of its 8 rows", "date not valid"),
    ),
    of_kind(
        "programme",
        "ends with the day first under ISO",
        eight("00{n},2023-05-0{n},31/12/2023"),
        family="dates",
        told=("none of its 8 rows", "date not valid"),
    ),
    of_kind(
        "codings",
        "codes where subjects should be",
        eight("fraud,ROBO A NEGOCIO {n},A"),
        told=("none of its 8 rows", "code not valid"),
    ),
    of_kind(
        "aliases",
        "other names since days with the day first",
        eight("001,Centro {n},31/01/2024"),
        family="dates",
        told=("none of its 8 rows", "date not valid"),
    ),
    of_kind(
        "network_answers",
        "needs in words of their own",
        eight("001,2024-05-01,{n},luminarias,1"),
        family="unknown tokens",
        told=("none of its 8 rows", "list of factors"),
    ),
    of_kind(
        "state_victims",
        "months that a program wrote its own way",
        eight("ene-24,22,Robo,Robo,Con {n},5"),
        family="dates",
        told=("none of its 8 rows", "month not valid"),
    ),
    of_kind(
        "survey",
        "names of colonias where answers have their keys",
        eight("2024-06,Las Peñas,E1,U{n},2.5,2"),
        family="names",
        told=("column “c”", "none of its 8 cells", "Las Peñas"),
    ),
    city(
        "months in the place of quarters",
        "2024-3,Querétaro,inseguridad,38.27,4\n2024-6,Querétaro,inseguridad,40.1,4",
        told=("2024-6", "probably a month"),
    ),
    book("a hidden sheet with more of the table", _hidden, told=("Sheet", "anterior")),
    book("shares shown as percentages", _in_per_cent, CITY, told=("column “p”", "0.38")),
    book("units below the header", _units, truth=ONCE, account={"date_not_valid": 1}),
    of_kind(
        "ageb_index",
        "shares of one in the place of percentages of areas",
        [f"220140001{n:03}A,300,0.{n}" for n in range(1, 9)],
        family="numbers",
        told=("column “i”", "0.1", "no percentage", "8 such cells"),
    ),
    *(
        text_of(
            f"an hour alone, as {word}",
            lambda word=word: events_text(fifty(put("hora", word))),
            family="dates",
            truth=BOTH,
            account={"hour_unknown": None},
        )
        for word in ("20", "20.0", "20 hrs.")
    ),
]
