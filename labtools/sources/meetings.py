"""What citizens' networks answered at their meetings: which need each place puts first.

A participant is the number of a place at the table, never a name.
"""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.days import days
from labtools.sources.protocol import Cleaned, Intake, accounted, cut_short, keys, read_rows, tidy
from labtools.tables.action_words import FACTORS

_PLACE = r"[0-9]{1,4}"
_RANK = r"[1-9][0-9]?"
_FACTOR = r"^(?:factor_)?0*([0-9]{1,2})$"


def clean_network_answers(intake: Intake) -> Cleaned:
    """Return the canonical table ``network_answers``: who put which need in which place.

    A need is written as the sheet of the meeting has it: the number of the factor (``4``), or
    its key (``factor_4``).

    Rejected: a row without key, day, need or rank, of a day after the cut, or that orders a
    need twice.

    Raises
    ------
    SourceError
        If a participant is named rather than numbered: how many, and never the name.
    """
    rows = read_rows(intake, "colonia_id", "held_on", "participant", "need", "rank")
    cells = {
        ours: tidy(rows.cells[intake.descriptor.column(ours)])
        for ours in ("colonia_id", "participant", "need", "rank")
    }
    _refuse_names(intake, cells["participant"])
    key, _ = keys(cells["colonia_id"])
    held = days(intake, rows.cells, intake.descriptor.column("held_on"))
    need = "factor_" + cells["need"].str.extract(_FACTOR, expand=False)
    rank = cells["rank"].where(cells["rank"].str.fullmatch(_RANK).fillna(value=False))
    table = pd.DataFrame(
        {
            "colonia_id": key,
            "held_on": held,
            "participant": pd.to_numeric(cells["participant"]).astype("Int64"),
            "need": need.where(need.isin(FACTORS)),
            "rank": pd.to_numeric(rank).astype("Int64"),
        }
    )
    reasons = cut_short(rows.cells)
    whose = ["colonia_id", "held_on", "participant", "need"]
    reasons[table.duplicated(whose) & table.notna().all(axis=1)] = "row_repeated"
    reasons[table["rank"].isna()] = "rank_not_valid"
    reasons[table["need"].isna()] = "need_not_known"
    reasons[table["participant"].isna()] = "no_participant"
    reasons[held > intake.cutoff] = "after_cutoff"
    reasons[held.isna()] = "date_not_valid"
    reasons[key.isna()] = "no_key"
    kept = table[reasons.isna()].reset_index(drop=True)
    return Cleaned({"network_answers": kept}, accounted(intake, rows, reasons))


def _refuse_names(intake: Intake, participants: pd.Series) -> None:
    named = participants.dropna()
    named = named[~named.str.fullmatch(_PLACE)]
    if len(named):
        raise SourceError(
            "{path}: {n} answers name their participant instead of numbering the place at the "
            "table. Replace names by numbers before the file is used: nobody is to be singled out.",
            path=intake.path.name,
            n=len(named),
        )
