"""Released tables as files: the same figures as the pages, for spreadsheets and programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools.messages import mark, say
from labtools.privacy.rounding import range_of_sum
from labtools.publish.workbook import write_workbook

#: Every released table, and what a reader finds in it.
HOLDS: Mapping[str, str] = MappingProxyType(
    {
        "colonias_shown": mark("Colonias: name, borough, population and area"),
        "crime": mark("Recorded crime by colonia and group: counts, rates and intervals"),
        "change": mark("Change between the last 12 months and the 12 before, with intervals"),
        "place": mark("Share of colonias with a lower steadied rate, as a 90 % interval"),
        "series": mark("Counts by colonia, quarter and group"),
        "years": mark("Counts by colonia and calendar year, all groups together"),
        "perception": mark("Surveys: shares with their intervals, by area"),
        "perception_change": mark("Surveys: change since earlier waves, with intervals"),
        "dark_figure": mark("Recorded and probable crime by colonia and group, with intervals"),
        "municipality_dark_figure": mark(
            "Recorded and probable crime of the whole municipality by group, with intervals"
        ),
        "fear_gap": mark("Crime beside fear by colonia: how probable each combination is"),
        "survey_plan": mark("How many people the next survey would have to ask, by area"),
        "indicators": mark("Census indicators by colonia"),
        "actions_done": mark("Actions of the programme by colonia"),
        "proposals": mark("Actions proposed by colonia, with reason, agency and evidence"),
        "unknowns": mark("What is not known of each colonia"),
        "municipality_series": mark("Counts of the whole municipality by month and group"),
        "municipality_crime": mark("Recorded crime of the whole municipality by group"),
        "scoreboard": mark("How good each way to forecast was, by group of crime"),
        "evaluation": mark("Whether a programme worked: effects with intervals and verdicts"),
        "evaluation_time": mark("Effects of a programme by time since it began"),
        "evaluation_facts": mark("The sealed plan of an evaluation, and what departed from it"),
        "sources": mark("Sources, licences and cut dates"),
        "source_files": mark("Fingerprint of each supplier's file"),
        "period": mark("The months that the figures are of"),
        "cards": mark("What each figure is for, what it is not for, and until when it holds"),
    }
)
#: Tables whose counts are sums of rounded ones: of how many each count of a group is the sum.
SUMMED: Mapping[str, int] = MappingProxyType({"change": 4, "municipality_crime": 12})
_COUNTS = ("before", "now")
#: A spreadsheet would run text that begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def holds(table: str) -> str:
    """Return what a reader finds in a released table."""
    return say(HOLDS[table])


def open_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return released tables as they are offered (see `open_table`)."""
    return {name: open_table(tables, name) for name in HOLDS}


def open_table(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Return a released table as it is offered: counts of a change with the range of the true.

    Pages tell those ranges beside each count; whoever works with the files needs them too.
    """
    if name not in SUMMED:
        return tables[name]
    base = int(tables["period"]["rounding_base"].iloc[0])
    return _with_ranges(tables[name], SUMMED[name], base)


def file_of(tables: Mapping[str, pd.DataFrame], name: str, ending: str) -> bytes:
    """Return a released table as a file of one of `ENDINGS`: the same table, the same bytes."""
    file = BytesIO()
    _WRITERS[ending](name, open_table(tables, name), file)
    return file.getvalue()


def _with_ranges(table: pd.DataFrame, periods: int, base: int) -> pd.DataFrame:
    """Return a table with ``…_low`` and ``…_high`` after each count; none where there is none."""
    ranged = table.copy()
    for column in _COUNTS:
        ends = [
            (None, None) if pd.isna(count) else range_of_sum(count, str(group), periods, base)
            for count, group in zip(table[column], table["group"], strict=True)
        ]
        after = ranged.columns.get_loc(column)
        for place, end in enumerate(("low", "high")):
            told = pd.array([pair[place] for pair in ends], dtype="Int64")
            ranged.insert(after + place + 1, f"{column}_{end}", told)
    return ranged


def write_csv(table: pd.DataFrame, file: Path | BytesIO) -> None:
    """Write a table without its shapes; text that a spreadsheet would run is quoted.

    Numbers, negative ones too, stay as they are; what is missing is an empty cell.
    """
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    safe = plain.apply(lambda column: _quoted(column) if _is_text(column) else column)
    safe.to_csv(
        file,
        index=False,
        encoding="utf-8-sig",  # without the mark, Excel misreads accents
        date_format="%Y-%m-%d",
        float_format="%.10g",
        # With this ending a carriage return inside a text is quoted, so it cannot open a row.
        lineterminator="\r\n",
    )


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _quoted(column: pd.Series) -> pd.Series:
    return column.map(_safe, na_action="ignore")


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


_WRITERS: Mapping[str, Callable[[str, pd.DataFrame, BytesIO], None]] = MappingProxyType(
    {
        "csv": lambda _, table, file: write_csv(table, file),
        "parquet": lambda _, table, file: table.to_parquet(file, index=False),
        "xlsx": write_workbook,
    }
)
#: The kinds of file that each table is offered in.
ENDINGS = tuple(_WRITERS)
