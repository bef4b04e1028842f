"""What an attacker learns of four successive editions, rounded and suppressed, and what is left.

``python -m tests.simulation.study_disclosure`` writes ``reports/studies/disclosure.json``: of the
demo, and of Mexico City where the publishers' files are at hand (``LABTOOLS_REAL_DATA``).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.paths import Workbench
from labtools.privacy.attacker import attack
from labtools.privacy.claims import Claims, hidden_range, sums_within
from labtools.privacy.editions import PublishedEdition, attack_editions
from labtools.privacy.keys import make_key
from labtools.privacy.release import protect_months, protect_quarters, withheld_colonias
from labtools.privacy.suppression import suppress
from labtools.privacy.years import protect_years, years_table
from labtools.tables import vocabulary as words
from labtools.tables.store import read_table
from labtools.workflow.intake import PSEUDONYM_KEY, clean, collect
from labtools.workflow.placing import classify, locate
from labtools.workflow.prepared import ROUNDING_KEY
from labtools.workflow.steps import open_workbench
from labtools.workflow.tabulate import tabulate
from labtools.workflow.workbenches import make_demo
from tests.real_data.workbenches import write_cdmx

HERE = Path(__file__).parents[2]
KEY = b"disclosure study, not a secret.."
EDITIONS = 4


@dataclass(frozen=True, slots=True)
class Counted:
    """The true counts of a workbench."""

    quarters: pd.DataFrame
    months: pd.DataFrame
    colonias: pd.DataFrame
    withheld: frozenset[str]


def counted(bench: Workbench) -> Counted:
    """Return what `tabulate` makes of a workbench's files."""
    opened = open_workbench(bench)
    for verb in (collect, clean, locate, classify, tabulate):
        verb(opened)
    panel = read_table("panel", bench.processed)
    files = panel[(panel["record_type"] == "case_file") & panel["group"].isin(words.GROUPS)]
    colonias = read_table("colonias", bench.processed)
    return Counted(
        read_table("quarters", bench.processed),
        files.groupby(["month", "group"], as_index=False)["events"].sum(min_count=1),
        pd.DataFrame(colonias.drop(columns="geometry")),
        withheld_colonias(colonias, opened.settings.disclosure),
    )


def edition(true: Counted, end: pd.Timestamp) -> PublishedEdition:
    """Return what an edition whose twelve months end before `end` publishes of counts."""
    start, before = end - pd.DateOffset(years=1), end - pd.DateOffset(years=2)
    quarters = true.quarters[true.quarters["quarter"] < end].reset_index(drop=True)
    public = protect_quarters(quarters, true.withheld, key=KEY)
    series = _with_total(public[["colonia_id", "quarter", "group", "events"]], "quarter")
    months = true.months[true.months["month"] < end]
    city = _with_total(protect_months(months, key=KEY), "month")
    of = ["colonia_id", "group"]
    crime = _sums(series, of, "quarter", (start, end)).reset_index()
    earlier = _sums(series, of, "quarter", (before, start)).to_numpy()
    whole = {
        "now": _sums(city, ["group"], "month", (start, end)),
        "before": _sums(city, ["group"], "month", (before, start)),
    }
    tables = {
        "series": series,
        "crime": crime.assign(person_years=0.0, rate=np.nan),
        "change": crime[of].assign(now=crime["events"], before=earlier),
        "years": protect_years(quarters, public, true.withheld, key=KEY),
        "municipality_series": city,
        "municipality_crime": pd.DataFrame(whole).reset_index(),
        "period": pd.DataFrame(
            {"before_start": [before], "window_start": start, "window_end": end}
        ),
    }
    return PublishedEdition(f"{end:%Y-%m}", tables, "same")


def _with_total(table: pd.DataFrame, period: str) -> pd.DataFrame:
    keys = [c for c in ("colonia_id", period) if c in table]
    total = table.groupby(keys, as_index=False)["events"].agg(lambda f: f.sum(skipna=False))
    return pd.concat([table, total.assign(group=words.TOTAL)], ignore_index=True)


def _sums(
    table: pd.DataFrame, keys: list[str], period: str, span: tuple[pd.Timestamp, pd.Timestamp]
) -> pd.Series:
    inside = table[(table[period] >= span[0]) & (table[period] < span[1])]
    return inside.groupby(keys)["events"].agg(lambda f: f.sum(skipna=False))


def rounded(true: Counted) -> dict[str, float]:
    """Return what rounding gives away over successive editions, and how near it stays."""
    last = true.quarters["quarter"].max() + pd.DateOffset(months=3)
    ends = [last - pd.DateOffset(months=3 * back) for back in range(EDITIONS)][::-1]
    editions = [edition(true, end) for end in ends]
    found = attack_editions(editions)
    return {
        "counts_attacked": int(found.confidential.sum()),
        "known_exactly": found.exact,
        "narrower_than_three": found.narrow,
        "median_error_of_a_colonia_year": _off(editions[-1].tables["years"], true),
        "the_same_summed_from_quarters": _off(_summed_years(editions[-1]), true),
    }


def _summed_years(last: PublishedEdition) -> pd.DataFrame:
    groups = last.tables["series"].query("group != 'total'")
    return years_table(groups.dropna(subset=["events"]).assign(state=words.SHOWN))


def _off(public: pd.DataFrame, true: Counted) -> float:
    both = public.merge(
        years_table(true.quarters), on=["colonia_id", "year"], suffixes=("", "_true")
    )
    known = both[both["events"].notna() & (both["events_true"] > 0)]
    off = (known["events"] - known["events_true"]).abs() / known["events_true"]
    return round(float(off.median()), 4)


def suppressed(true: Counted) -> dict[str, float]:
    """Return what suppression gives away over as many quarters, each published once, exactly.

    By borough: its colonias by group, with what each colonia, each group and the borough sum to.
    """
    shown = true.quarters[~true.quarters["colonia_id"].isin(true.withheld)]
    boroughs = true.colonias.set_index("colonia_id")["borough"].fillna("")
    cells, claims, secret = [], [], []
    hidden = events = lost = 0.0
    for quarter in sorted(shown["quarter"].unique())[-EDITIONS:]:
        now = shown[shown["quarter"] == quarter]
        for borough, rows in now.groupby(now["colonia_id"].map(boroughs)):
            counts = rows[["colonia_id", "group", "events"]].reset_index(drop=True)
            found = suppress(counts, (["colonia_id"], ["group"], []))
            own = counts.assign(place=f"{quarter:%Y-%m} {borough}")
            cells.append(own)
            claims.append(found.items.assign(place=own["place"].iloc[0]))
            secret.append(found.items.iloc[: len(own)]["hidden"].eq("primary"))
            total = float(own["events"].sum())
            hidden += found.hidden_cells * len(own)
            events, lost = events + total, lost + found.hidden_events * total
    everything = pd.concat(cells, ignore_index=True)
    whole = attack(everything, _said(everything, pd.concat(claims)), confidential=pd.concat(secret))
    return {
        "counts_attacked": int(whole.confidential.sum()),
        "known_exactly": whole.exact,
        "narrower_than_three": whole.narrow,
        "share_of_cells_hidden": round(hidden / len(everything), 4),
        "share_of_events_hidden": round(lost / events, 4),
    }


def _said(cells: pd.DataFrame, items: pd.DataFrame) -> list[Claims]:
    said = []
    for by in (
        ["place", "colonia_id", "group"],
        ["place", "colonia_id"],
        ["place", "group"],
        ["place"],
    ):
        absent = [c for c in ("colonia_id", "group") if c not in by]
        rows = items[items[by].notna().all(axis=1) & items[absent].isna().all(axis=1)]
        rows = rows.reset_index(drop=True)
        release = rows[by].join(hidden_range(rows["events"]))
        said.append(sums_within(cells, release, by, name="suppressed"))
    return said


def mexico_city(folder: Path) -> Workbench | None:
    """Return a workbench on the publishers' files, or None where they are not."""
    named = os.environ.get("LABTOOLS_REAL_DATA")
    data = Path(named) if named else HERE.parent / "shared" / "data"
    if not data.is_dir():
        return None
    folder.mkdir()
    write_cdmx(folder, data)
    bench = Workbench(folder)
    for name in (PSEUDONYM_KEY, ROUNDING_KEY):
        make_key(bench.secrets, name)
    return bench


def main() -> None:
    """Study both workbenches, and keep what was found."""
    with tempfile.TemporaryDirectory() as folder:
        made: dict[str, Callable[[], Workbench | None]] = {
            "demo": lambda: make_demo(Path(folder) / "demo"),
            "mexico_city": lambda: mexico_city(Path(folder) / "cdmx"),
        }
        told: dict[str, object] = {
            "what": "an attack of four successive editions together, and the error that is left",
            "editions": EDITIONS,
        }
        for name, make in made.items():
            bench = make()
            if bench is not None:
                true = counted(bench)
                told[name] = {"rounding": rounded(true), "suppression": suppressed(true)}
    path = HERE / "reports" / "studies" / "disclosure.json"
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
