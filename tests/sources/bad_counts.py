"""Bad tables of counts: what stands in place of a number, totals, years, and repetitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labtools.sources.incidence import MONTHS
from tests.sources.bad_case import Bad, Found, missing_as_none, told_by
from tests.sources.supplied import clean, intake, written

LEVELS = {"type": "Tipo", "subtype": "Subtipo", "mode": "Modalidad"}
MUNICIPAL = {"kind": "municipal_incidence", "columns": {"year": "Año", "area": "Cve", **LEVELS}}
HEADER = ["Año", "Cve", "Tipo", "Subtipo", "Modalidad", *MONTHS]
TOKENS = {**MUNICIPAL, "tokens": {"N.D.": "not_available", "S/D": "not_available"}}
CENSUS = {
    "kind": "census",
    "columns": {
        "entity": "ENT",
        "municipality": "MUN",
        "locality": "LOC",
        "ageb": "AGEB",
        "block": "MZA",
        "population": "POB",
    },
    "tokens": {"*": "confidential", "N/D": "not_available"},
}
CITY = {
    "kind": "city_perception",
    "columns": {"quarter": "t", "city": "ciudad", "indicator": "ind", "percent": "p", "cv": "cv"},
}


def line(year: int = 2024, area: str = "22014", crime: str = "Robo", **months: str) -> str:
    """Return a row with 10 events a month, unless a month says otherwise."""
    cells = [str(year), area, crime, crime, "Con", *(months.get(m, "10") for m in MONTHS)]
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in cells)


ROWS = (line(), line(crime="Homicidio", Enero="2"), line(area="22006"))


def counted(
    folder: Path,
    lines: list[str],
    said: Any = MUNICIPAL,
    where: Any = None,
    area: str = "22014",
) -> Found:
    """Return what an area counts in January of each year and in all."""
    path = written(folder, "\n".join(lines) + "\n", "idm.csv")
    cleaned = clean(intake(path, said, where=where or {}))
    table = cleaned.tables["official_counts"]
    mine = table[table["area"] == area]
    january = mine[mine["month"].dt.month == 1].groupby(mine["month"].dt.year)["events"]
    figures: dict[str, Any] = {
        f"enero {year}": missing_as_none(events.sum(skipna=False)) for year, events in january
    }
    total = mine["events"].sum()
    return Found({**figures, "año": int(total)}, told_by(cleaned))


def numbers(
    name: str, cell: str, family: str = "numbers", said: Any = MUNICIPAL, **verdict: Any
) -> Bad:
    lines = [",".join(HEADER), line(Enero=cell), *ROWS[1:]]
    if "truth" not in verdict:
        verdict = {"told": ("idm.csv", "“Enero”", f"“{cell}”", "row 2"), **verdict}
    return Bad(family, name, lambda folder: counted(folder, lines, said), **verdict)


KNOWN = {"enero 2024": 12, "año": 232}
UNKNOWN = {"enero 2024": None, "año": 222}

NUMBERS = [
    numbers("a comma for thousands", "1,234"),
    numbers("a point for thousands", "1.234"),
    numbers("a point before three zeros", "1.000"),
    numbers("a space for thousands", "1 234"),
    numbers("a space that does not break", "1\u00a0234"),
    numbers("a negative count", "-11"),
    numbers("half an event", "1.5"),
    numbers("infinity", "inf"),
    numbers("an exponent", "1e3"),
    numbers("a code for not known", "99999999"),
    numbers("a code of five nines", "99999"),
    numbers("eight digits with spaces", "99 999 999"),
    numbers("a hexadecimal", "0x1F"),
    numbers("decimals that say nothing", "10.0", truth=KNOWN),
    numbers("zero", "0", truth={"enero 2024": 2, "año": 222}),
]

UNKNOWNS = [
    *(
        numbers(token, token, "unknown tokens")
        for token in ("*", "-", "NA", "<3", "c", "#REF!", "sin dato", "NaN", "null", "?", "n.d.")
    ),
    numbers("declared N.D.", "N.D.", "unknown tokens", TOKENS, truth=UNKNOWN),
    numbers("undeclared N.D.", "N.D.", "unknown tokens"),
    numbers("declared S/D", "S/D", "unknown tokens", TOKENS, truth=UNKNOWN),
    numbers("blank", "", "unknown tokens", truth=UNKNOWN),
    numbers("spaces", "   ", "unknown tokens", truth=UNKNOWN),
]


def table(
    name: str,
    lines: list[str],
    family: str = "shape",
    where: Any = None,
    said: Any = MUNICIPAL,
    **verdict: Any,
) -> Bad:
    return Bad(family, name, lambda folder: counted(folder, lines, said, where), **verdict)


TOP = ",".join(HEADER)
BLANK_END = line(**dict.fromkeys(MONTHS[8:], ""))
OPEN_YEAR = line(year=2025, **dict.fromkeys(MONTHS[3:], "0"))
ALL_TOTAL = line(area="Total", crime="", Enero="22", **dict.fromkeys(MONTHS[1:], "30"))
# Of this municipality alone: the total of its two subjects.
OWN_TOTAL = line(crime="Total", Enero="12", **dict.fromkeys(MONTHS[1:], "20"))


def renamed(old: str, new: str) -> str:
    return TOP.replace(old, new)


SHAPES = [
    table(
        "months that are not over are blank",
        [TOP, BLANK_END, *ROWS[1:]],
        truth={"enero 2024": 12, "año": 192},
    ),
    table(
        "figures for months after the cut",
        [TOP, *ROWS, OPEN_YEAR],
        told=("idm.csv", "row 5", "2025-01", "cut"),
    ),
    table(
        "zeros typed for a year to come",
        [TOP, *ROWS, line(year=2025, **dict.fromkeys(MONTHS, "0"))],
        truth={"enero 2024": 12, "enero 2025": None, "año": 232},
        account={"month_after_cutoff": 12},
    ),
    table(
        "a total row without area",
        [TOP, *ROWS, ALL_TOTAL.replace("Total", "", 1)],
        truth=KNOWN,
        account={"no_area": 1},
    ),
    table(
        "a total row of the municipality",
        [TOP, *ROWS, OWN_TOTAL],
        truth=KNOWN,
        account={"total_row": 1},
    ),
    table(
        "a total row that does not add up",
        [TOP, ROWS[0], ROWS[2], OWN_TOTAL],
        told=("idm.csv", "“Enero”", "row 4", "12", "10"),
    ),
    table("the file pasted twice", [TOP, *ROWS, *ROWS], truth=KNOWN, account={"row_repeated": 3}),
    table(
        "the file pasted twice with its header",
        [TOP, *ROWS, TOP, *ROWS],
        truth=KNOWN,
        account={"row_repeated": 3, "header_repeated": 1},
    ),
    table(
        "a corrected row below the one it corrects",
        [TOP, *ROWS, line(Enero="11")],
        told=("idm.csv", "rows 2 and 5", "correction"),
    ),
    table(
        "a corrected row in capitals",
        [TOP, *ROWS, line(crime="ROBO", Enero="11")],
        told=("idm.csv", "rows 2 and 5", "correction"),
    ),
    table(
        "two years",
        [TOP, *ROWS, line(year=2023, Enero="7")],
        truth={"enero 2023": 7, "enero 2024": 12, "año": 232 + 117},
    ),
    table("Setiembre", [renamed("Septiembre", "Setiembre"), *ROWS], told=("“Septiembre”",)),
    table(
        "months in three letters",
        [",".join([*HEADER[:5], *(m[:3] for m in MONTHS)]), *ROWS],
        told=("“Enero”",),
    ),
    table(
        "a month that is absent",
        [renamed(",Diciembre", ""), *(r[: r.rindex(",")] for r in ROWS)],
        told=("“Diciembre”",),
    ),
    table("a month twice", [renamed("Febrero", "Enero"), *ROWS], told=("“Enero”",)),
    table(
        "a comma at the end of each row",
        [TOP, *(f"{row}," for row in ROWS)],
        told=("row 2", "18 cells", "3 rows"),
    ),
    table(
        "a row of counts cut in the middle of the file",
        [TOP, "2024,22014,Robo,Robo,Sin,5,3", *ROWS],
        truth=KNOWN,
        account={"row_cut_short": 1},
    ),
    Bad(
        "shape",
        "a file cut in its last number",
        lambda folder: Found(
            {},
            told_by(
                clean(
                    intake(
                        written(folder, "\n".join([TOP, line(Diciembre="52")])[:-1], "idm.csv"),
                        MUNICIPAL,
                    )
                )
            ),
        ),
        told=("idm.csv", "last line", "open_end"),
    ),
    table("areas that became decimals", [TOP, line(area="22014.0"), *ROWS[1:]], truth=KNOWN),
    Bad(
        "names",
        "an area in two spellings, chosen by name",
        lambda folder: counted(
            folder,
            [
                TOP,
                line(area="Querétaro"),
                line(area="QUERETARO", crime="Homicidio"),
                line(area="Querétaro", crime="Fraude"),
                line(area="Jalpan"),
            ],
            where={"Cve": "querétaro"},
            area="Querétaro",
        ),
        truth={"enero 2024": 30, "año": 360},
        account={"spelling_unified": 12},
    ),
]


def census(name: str, *rows: str, family: str = "unknown tokens", **verdict: Any) -> Bad:
    text = "\n".join(["ENT,MUN,LOC,AGEB,MZA,POB", *(f"22,014,{row}" for row in rows)]) + "\n"

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, text, "censo.csv"), CENSUS))
        people = cleaned.tables["census"].set_index("ageb_id")["value"]
        return Found({key[-4:]: missing_as_none(n) for key, n in people.items()}, told_by(cleaned))

    return Bad(family, name, run, **verdict)


def city(name: str, *rows: str, family: str = "numbers", **verdict: Any) -> Bad:
    text = "\n".join(["t,ciudad,ind,p,cv", *rows]) + "\n"

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, text, "ensu.csv"), CITY))
        found = cleaned.tables["city_perception"]
        named = found["city"] + " " + found["quarter"].dt.strftime("%Y-%m")
        return Found(
            {key: round(100 * share, 2) for key, share in zip(named, found["share"], strict=True)},
            told_by(cleaned),
        )

    return Bad(family, name, run, **verdict)


Q3, Q4 = "2024-T3,Querétaro,inseguridad,38.27,4", "2024-T4,Querétaro,inseguridad,66.13,4"
CITIES = {"Querétaro 2024-07": 38.27, "Querétaro 2024-10": 66.13}
TWO = ("0001,001A,000,100", "0001,0024,000,40")

OTHERS = [
    census(
        "a confidential AGEB",
        "0001,001A,000,*",
        "0001,0024,000,40",
        truth={"001A": None, "0024": 40},
        account={"cells_without_figure": 1},
    ),
    census(
        "totals of everything as rows",
        "0000,0000,000,140",
        "0001,0000,000,140",
        *TWO,
        "0001,001A,001,100",
        family="shape",
        truth={"001A": 100, "0024": 40},
        account={"locality_total_row": 1, "municipality_total_row": 1, "block_row": 1},
    ),
    census(
        "an AGEB that is lost",
        "0001,0000,000,140",
        TWO[0],
        family="shape",
        told=("censo.csv", "“POB”", "140", "100"),
    ),
    census(
        "an AGEB twice with other people",
        *TWO,
        "0001,001A,000,90",
        family="shape",
        told=("censo.csv", "rows 2 and 4"),
    ),
    census(
        "an AGEB twice",
        *TWO,
        TWO[1],
        family="shape",
        truth={"001A": 100, "0024": 40},
        account={"row_repeated": 1},
    ),
    census(
        "more people than a state has",
        "0001,001A,000,99999999",
        told=("censo.csv", "“POB”", "row 2"),
        family="numbers",
    ),
    city(
        "shares in place of percentages",
        "2024-T3,Querétaro,inseguridad,0.3827,4",
        "2024-T4,Querétaro,inseguridad,0.6613,4",
        told=("ensu.csv", "“p”", "“0.3827”", "row 2"),
    ),
    city(
        "more than everybody",
        "2024-T3,Querétaro,inseguridad,382.7,4",
        told=("ensu.csv", "“p”", "“382.7”", "row 2"),
    ),
    city(
        "a quarter three times",
        Q3,
        Q4,
        Q3,
        Q3,
        family="shape",
        truth=CITIES,
        account={"row_repeated": 2},
    ),
    city(
        "a quarter with two figures",
        Q3,
        Q4,
        Q3.replace("38.27", "83.27"),
        family="shape",
        told=("ensu.csv", "rows 2 and 4"),
    ),
    city(
        "a city in two spellings",
        Q3,
        Q4.replace("Querétaro", "QUERETARO"),
        Q3,
        family="names",
        truth=CITIES,
        account={"spelling_unified": 1},
    ),
]

CASES = [*NUMBERS, *UNKNOWNS, *SHAPES, *OTHERS]
