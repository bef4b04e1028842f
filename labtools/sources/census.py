"""INEGI's census by AGEB and block: totals stand as rows, confidential cells as ``*``."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from labtools.sources.files import read_cells, require_columns
from labtools.sources.protocol import Cleaned, Intake, matching, numbers, require_described
from labtools.tables.account import Account

_ZONES = ("entity", "municipality", "locality", "ageb", "block")


def clean_census(intake: Intake) -> Cleaned:
    """Return the canonical table ``census``: one row for each AGEB and variable.

    The file mixes blocks with totals of AGEB, locality, municipality and entity; only the
    AGEB totals are kept, the others are accounted for.  A confidential or absent cell is
    missing, never zero.  Names of columns are compared in capitals.
    """
    cells = read_cells(intake.path, intake.descriptor.file)
    cells.columns = [str(column).upper() for column in cells.columns]
    require_described(intake, *_ZONES, "population")
    zones = {ours: intake.descriptor.column(ours).upper() for ours in _ZONES}
    variables = _variables(intake)
    require_columns(intake.path, cells, {**zones, **{name: name for name in variables}})
    level = _levels(cells, zones)
    where = {column.upper(): value for column, value in intake.where.items()}
    wanted = matching(replace(intake, where=where), cells)
    kept = cells[(level == "ageb") & wanted]
    codes = [kept[zones[zone]] for zone in _ZONES[:4]]
    ageb_id = codes[0].str.cat(codes[1:])
    parts = [
        pd.DataFrame({"ageb_id": ageb_id, "variable": name, "value": numbers(intake, kept, name)})
        for name in variables
    ]
    rejected = level[wanted & (level != "ageb")].value_counts()
    account = Account(
        "clean",
        intake.source,
        read=len(cells),
        kept=len(kept),
        rejected={
            **{f"{kind}_row": int(n) for kind, n in rejected.items()},
            **({"of_another_municipality": int((~wanted).sum())} if not wanted.all() else {}),
        },
        changed=_masked(parts),
    )
    return Cleaned({"census": pd.concat(parts, ignore_index=True)}, account)


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


def _masked(parts: list[pd.DataFrame]) -> dict[str, int]:
    masked = sum(int(part["value"].isna().sum()) for part in parts)
    return {"cells_without_figure": masked} if masked else {}
