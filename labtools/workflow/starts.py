"""A staggered start of what a run chose: drawn by lot, sealed in the ledger, told to each agency.

The plan is kept as it was sealed (``reports/starts/<day>.json``): a day has one plan, which no
later draw overwrites.  Its seal stands in the ledger before the first wave starts, so that an
evaluation can prove what was promised.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.errors import SettingsError
from labtools.messages import text
from labtools.places.neighbours import find_neighbours
from labtools.privacy.ledger import LEDGER, SEAL, read_ledger, seal
from labtools.tables.store import make_folder, writing
from labtools.targeting.rollout import RollOut, calendar, plan_rollout, seal_of_rollout
from labtools.targeting.work_list import write_spreadsheet
from labtools.workflow.lots import write_lots
from labtools.workflow.steps import Opened


@dataclass(frozen=True, slots=True)
class Start:
    """A staggered start to plan.

    Attributes
    ----------
    on : datetime.date
        Of the first wave.
    waves, months_between : int
    """

    on: date
    waves: int = 2
    months_between: int = 6

    @property
    def name(self) -> str:
        """What the ledger calls its plan."""
        return f"start-{self.on.isoformat()}"


def write_calendar(
    opened: Opened, tables: Mapping[str, pd.DataFrame], start: Start, folder: Path
) -> None:
    """Draw a fair lot of starts among the colonias chosen, seal it, and write who does what.

    ``calendar.xlsx`` has all, ``calendar-<agency>.xlsx`` what each agency is asked, and
    ``lots.csv`` the lots that were as fair, for the protocol of the evaluation.  Colonias without
    some datum that the lot balances are told, and stay out of it.

    Raises
    ------
    SettingsError
        If the day is not to come, or has a plan that is not this one.
    """
    if start.on <= datetime.now(UTC).date():
        raise SettingsError(
            "The first wave cannot start on {day}: a plan is sealed before it starts. Choose a "
            "day to come.",
            day=start.on,
        )
    chosen = tables["portfolio"][tables["portfolio"]["standing"] != "alternative"]
    shown = gpd.GeoDataFrame(tables["colonias_shown"])
    covariates = _covariates(chosen, shown)
    whole = covariates.dropna()
    left_out = sorted(set(covariates.index.astype(str)) - set(whole.index.astype(str)))
    if left_out:
        opened.tell(
            text(
                "{n} colonias stay out of the lot, without residents or area: {first}.",
                n=len(left_out),
                first=left_out[0],
            )
        )
    plan = plan_rollout(
        whole,
        _neighbours(shown, opened.settings.lab.crs),
        waves=start.waves,
        rng=np.random.default_rng([opened.settings.lab.seed, start.on.toordinal()]),
    )
    _keep(opened.workbench.reports, start, plan, left_out)
    checksum = write_lots(plan.lots, folder / "lots.csv")
    opened.tell(
        text(
            "The lots as fair as this one are in lots.csv. So that an evaluation draws the choice "
            "again as it was made, put it beside the protocol as <id>.lots.csv, with this under "
            "[units]: lots = {checksum}",
            checksum=f'"{checksum}"',
        )
    )
    table = calendar(plan, chosen, start=start.on, months_between=start.months_between)
    dated = table.assign(starts_on=table["starts_on"].dt.strftime("%Y-%m-%d"))
    write_spreadsheet(dated, folder / "calendar.xlsx", sheet="calendar")
    for agency, rows in dated.groupby("agency"):
        write_spreadsheet(
            rows.reset_index(drop=True), folder / f"calendar-{agency}.xlsx", sheet=str(agency)
        )


def kept_plan(reports: Path, start: Start) -> tuple[pd.Series, pd.Series]:
    """Return waves and buffers of a plan as it was sealed.

    Raises
    ------
    SettingsError
        If there is none, or what is kept is not what the ledger says was sealed.
    """
    path = _file(reports, start)
    if not path.is_file():
        raise SettingsError(
            "No plan starts on {day}. Draw one with “labtools propose --start {day}”.",
            day=start.on,
        )
    told = json.loads(path.read_text(encoding="utf-8"))["colonias"]
    rows = pd.DataFrame(told, columns=["colonia_id", "wave", "buffer"]).set_index("colonia_id")
    if seal_of_rollout(rows["wave"], rows["buffer"]) != _sealed(reports, start):
        raise SettingsError(
            "The plan {path} is not the one that the ledger says was sealed. Bring back the file "
            "from a backup.",
            path=str(path),
        )
    return rows["wave"], rows["buffer"]


def _keep(reports: Path, start: Start, plan: RollOut, left_out: list[str]) -> None:
    """Seal a plan in the ledger and keep it; the same plan again changes nothing."""
    before = _sealed(reports, start)
    if before not in {None, plan.seal}:
        raise SettingsError(
            "A plan that starts on {day} was sealed already ({seal}), and this lot is another. "
            "Keep to it, or choose another day.",
            day=start.on,
            seal=before[:12] if before else "",
        )
    told = {
        "start": start.on.isoformat(),
        "waves": start.waves,
        "months_between": start.months_between,
        "seal": plan.seal,
        "imbalance": round(plan.imbalance, 6),
        "imbalance_of_any": round(plan.imbalance_of_any, 6),
        "comparisons": plan.spare,
        "left_out": left_out,
        "colonias": [
            [str(key), int(plan.wave[key]), bool(plan.buffer[key])]
            for key in sorted(plan.wave.index)
        ],
    }
    path = _file(reports, start)
    make_folder(path.parent, private=True)
    with writing(path) as aside:
        aside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if before is None:
        seal(make_folder(reports) / LEDGER, start.name, plan.seal, by=getpass.getuser())


def _sealed(reports: Path, start: Start) -> str | None:
    entries = read_ledger(reports / LEDGER)
    seals = [e.facts["digest"] for e in entries if e.kind == SEAL and e.run == start.name]
    return str(seals[-1]) if seals else None


def _file(reports: Path, start: Start) -> Path:
    return reports / "starts" / f"{start.on.isoformat()}.json"


def _covariates(chosen: pd.DataFrame, shown: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = shown[shown["colonia_id"].isin(chosen["colonia_id"])].set_index("colonia_id")
    people, area = rows["population"].astype(float), rows["area_km2"].astype(float)
    return pd.DataFrame(
        {
            "population": np.log1p(people),
            "area": np.log(area.where(area > 0)),
            "averted": chosen.groupby("colonia_id")["averted"].sum().reindex(rows.index),
        }
    )


def _neighbours(shown: gpd.GeoDataFrame, crs: str) -> dict[str, frozenset[str]]:
    matrix = find_neighbours(shown, crs)
    keys = [str(key) for key in shown["colonia_id"]]
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    return {
        key: frozenset(keys[near] for near in matrix.indices[first:last])
        for key, (first, last) in zip(keys, ends, strict=True)
    }
