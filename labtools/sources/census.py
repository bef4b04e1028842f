"""INEGI's census by AGEB and block: totals stand as rows, confidential cells as ``*``."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import mark
from labtools.sources.figures import counts, missing_by_reason, row_in_file
from labtools.sources.files import read_cells, require_columns
from labtools.sources.protocol import Cleaned, Intake, matching, numbers, require_described
from labtools.sources.repeats import repeated_rows
from labtools.tables.account import Account

_REASON = MappingProxyType({"repeated": "row_repeated", "cut_short": "row_cut_short"})
_ZONES = ("entity", "municipality", "locality", "ageb", "block")
#: INEGI's keys have a fixed width; an AGEB's last sign may be a letter from A to P.
_KEYS = MappingProxyType(
    {
        "entity": (2, r"\d{2}"),
        "municipality": (3, r"\d{3}"),
        "locality": (4, r"\d{4}"),
        "ageb": (4, r"\d{3}[\dA-P]"),
        "block": (3, r"\d{3}"),
    }
)


def clean_census(intake: Intake) -> Cleaned:
    """Return the canonical table ``census``: one row for each AGEB and variable.

    The file mixes blocks with totals of AGEB, locality, municipality and entity; only the
    AGEB totals are kept, the others are accounted for.  A confidential or absent cell is
    missing, never zero.  Names of columns are compared in capitals.

    Raises
    ------
    SourceError
        If a figure is no count, two rows of one AGEB or block contradict each other, or the
        AGEBs of a locality have other people than the locality's total.
    """
    require_described(intake, *_ZONES, "population")
    cells = read_cells(intake.path, intake.descriptor.file)
    none, cells.attrs = dict(cells.attrs), {}
    cells.columns = [str(column).upper() for column in cells.columns]
    zones = {ours: intake.descriptor.column(ours).upper() for ours in _ZONES}
    variables = _variables(intake)
    require_columns(intake.path, cells, {**zones, **{name: name for name in variables}})
    short = cells.isna().any(axis=1) | _without_keys_or_figures(intake, cells, zones, variables)
    mended = _mend_keys(intake, cells, zones, ~short)
    level = _levels(cells, zones)
    level[short] = "cut_short"
    known = {name: counts(intake, cells[level == "ageb"], name, name) for name in variables}
    names = [zones[zone] for zone in _ZONES]
    repeated = repeated_rows(intake, cells.loc[~short, names + variables], variables)
    level[repeated.index[repeated]] = "repeated"
    where = {column.upper(): value for column, value in intake.where.items()}
    wanted = matching(replace(intake, where=where), cells)
    kept = cells[(level == "ageb") & wanted]
    codes = [kept[zones[zone]] for zone in _ZONES[:4]]
    ageb_id = codes[0].str.cat(codes[1:])
    parts = [
        pd.DataFrame({"ageb_id": ageb_id, "variable": name, "value": figure[kept.index]})
        for name, figure in known.items()
    ]
    _reconcile(intake, cells, zones, level)
    rejected = level[wanted & (level != "ageb")].value_counts()
    account = Account(
        "clean",
        intake.source,
        read=len(cells) + sum(none.values()),
        kept=len(kept),
        rejected={
            **{reason: n for reason, n in none.items() if n},
            **{_REASON.get(kind, f"{kind}_row"): int(n) for kind, n in rejected.items()},
            **({"of_another_municipality": int((~wanted).sum())} if not wanted.all() else {}),
        },
        changed={
            **_masked(parts),
            **missing_by_reason(intake, kept, variables),
            **({"keys_mended": mended} if mended else {}),
        },
    )
    totals = cells[wanted & (level == "municipality_total")]
    findings = _people_elsewhere(intake, totals, kept)
    return Cleaned({"census": pd.concat(parts, ignore_index=True)}, account, findings)


def _without_keys_or_figures(
    intake: Intake, cells: pd.DataFrame, zones: dict[str, str], variables: list[str]
) -> pd.Series:
    """Return which rows are none: a note below the table, or a second line of headers.

    They have neither a figure (nor a token for one), nor all keys.
    """
    plain = {
        zone: _plain_key(cells[zones[zone]], width).str.fullmatch(form).eq(other=True)
        & cells[zones[zone]].str.strip().ne("")
        for zone, (width, form) in _KEYS.items()
    }
    keyed = pd.DataFrame(plain).all(axis=1)
    written = cells[variables].apply(lambda cell: cell.fillna("").str.strip())
    told = written.isin(list(intake.descriptor.tokens))
    told |= written.apply(lambda cell: cell.str.fullmatch(r"-?\d[\d., ]*").eq(other=True))
    return ~keyed & ~told.any(axis=1)


def _plain_key(written: pd.Series, width: int) -> pd.Series:
    plain = written.str.strip().str.upper().str.replace(r"\.0$|-", "", regex=True)
    return plain.str.zfill(width)


def _mend_keys(intake: Intake, cells: pd.DataFrame, zones: dict[str, str], real: pd.Series) -> int:
    """Give keys their zeros back in place, and return how many a spreadsheet program had taken.

    Only of `real` rows: a note below the table has no key.

    Raises
    ------
    SourceError
        If a key is none even so: it would find no polygon, and its people would be lost.
    """
    mended = 0
    for zone, (width, form) in _KEYS.items():
        written = cells.loc[real, zones[zone]]
        key = _plain_key(written, width)
        wrong = written[~key.str.fullmatch(form).fillna(value=False).astype(bool) & key.notna()]
        if len(wrong):
            raise SourceError(
                "{path}, column “{column}”: “{value}” in row {row} is no key of INEGI ({n} such "
                "cells). Expected {width} signs, as in the geostatistical framework. Ask for the "
                "file as INEGI gives it.",
                path=intake.path.name,
                column=zones[zone],
                value=str(wrong.iloc[0]),
                row=row_in_file(intake, wrong.index[0]),
                n=len(wrong),
                width=width,
            )
        mended += int((key != written).sum())
        cells.loc[real, zones[zone]] = key
    return mended


def _people_elsewhere(
    intake: Intake, totals: pd.DataFrame, kept: pd.DataFrame
) -> tuple[Finding, ...]:
    """Tell how many people live in no urban AGEB: in small localities, which have none."""
    column = intake.descriptor.column("population").upper()
    everybody = numbers(intake, totals, column).sum(min_count=1)
    counted = numbers(intake, kept, column).sum()
    if pd.isna(everybody) or everybody <= counted:
        return ()
    sentence = mark(
        "{source}: of {everybody} people, {counted} live in urban AGEBs; the other {elsewhere} "
        "live in localities without them, and cannot be shared out to colonias."
    )
    facts = {
        "source": intake.source,
        "everybody": f"{everybody:,.0f}",
        "counted": f"{counted:,.0f}",
        "elsewhere": f"{everybody - counted:,.0f}",
    }
    return (Finding(sentence, Severity.NOTE, facts),)


def _variables(intake: Intake) -> list[str]:
    named = [intake.descriptor.column("population"), intake.descriptor.column("dwellings")]
    for indicator in intake.descriptor.indicator:
        named += [*indicator.numerator, *indicator.denominator]
    return list(dict.fromkeys(name.upper() for name in named if name))


def _levels(cells: pd.DataFrame, zones: dict[str, str]) -> pd.Series:
    level = pd.Series("block", index=cells.index, dtype="str")
    level[cells[zones["block"]].str.strip("0") == ""] = "ageb"
    level[cells[zones["ageb"]].str.strip("0") == ""] = "locality_total"
    level[cells[zones["locality"]].str.strip("0") == ""] = "municipality_total"
    level[cells[zones["municipality"]].str.strip("0") == ""] = "entity_total"
    return level


def _reconcile(
    intake: Intake, cells: pd.DataFrame, zones: dict[str, str], level: pd.Series
) -> None:
    """Compare the people of each urban locality with those of its AGEBs, where all are known."""
    column = intake.descriptor.column("population").upper()
    place = [cells[zones[zone]] for zone in _ZONES[:3]]
    locality = place[0].str.cat(place[1:])
    people = numbers(intake, cells[level.isin(["ageb", "locality_total"])], column)
    parts = people[level == "ageb"].groupby(locality)
    known = parts.count() == parts.size()
    told = people[level == "locality_total"].groupby(locality).first().reindex(known.index)
    summed = parts.sum()
    wrong = known & told.notna() & (told != summed)
    if wrong.any():
        first = wrong.idxmax()
        raise SourceError(
            "{path}, column “{column}”: the locality {locality} has {told} people and its AGEBs "
            "add up to {found} ({n} such localities). Rows are missing or stand twice: download "
            "the file again.",
            path=intake.path.name,
            column=column,
            locality=str(first),
            told=f"{told[first]:,.0f}",
            found=f"{summed[first]:,.0f}",
            n=int(wrong.sum()),
        )


def _masked(parts: list[pd.DataFrame]) -> dict[str, int]:
    masked = sum(int(part["value"].isna().sum()) for part in parts)
    return {"cells_without_figure": masked} if masked else {}
