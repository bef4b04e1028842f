"""Which colonias could enter the programme next, in an internal edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from labtools.errors import AnalysisError
from labtools.tables.contracts import check_table, empty_table
from labtools.targeting.entry import Entry, compare_entries
from labtools.workflow.known import Known

_PER = 1_000


def entry_tables(
    known: Known, harm_now: Callable[[], Mapping[str, pd.DataFrame]]
) -> dict[str, pd.DataFrame]:
    """Return ``entry_candidates`` and ``entry_rules``; empty where nobody may enter.

    Parameters
    ----------
    harm_now : callable
        Gives draws of a year's harm: see :func:`labtools.workflow.portfolio.harm_of`.
    """
    empty = {name: empty_table(name) for name in ("entry_candidates", "entry_rules")}
    size, quarters = known.settings.targeting.entries, known.processed["quarters"]
    if not (size and len(quarters)):
        return empty
    shown = known.results["colonias_shown"]
    outside = shown.loc[shown["entered_on"].isna(), "colonia_id"]
    outside = outside[outside.map(known.people) > 0]
    harm = harm_now()
    if outside.empty or not harm:
        return empty
    total = known.results["crime"].query("group == 'total'").set_index("colonia_id")
    expected = total["smoothed"] * known.people / _PER
    places = pd.DataFrame({"population": known.people, "borough": known.boroughs})
    try:
        found = compare_entries(
            pd.DataFrame(sum(harm.values()))[list(outside)],
            total["events"].astype(float),
            expected,
            places,
            size=size,
        )
    except AnalysisError:
        return empty
    return {
        "entry_candidates": check_table("entry_candidates", _candidates(found)),
        "entry_rules": check_table("entry_rules", found.rules.rename_axis("rule").reset_index()),
    }


def _candidates(found: Entry) -> pd.DataFrame:
    by = {
        key: " ".join(rule for rule, taken in found.chosen.items() if key in taken)
        for key in found.candidates.index
    }
    table = found.candidates.rename_axis("colonia_id").reset_index()
    return table.assign(chosen_by=table["colonia_id"].map(by))
