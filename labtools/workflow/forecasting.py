"""What to expect, what stood out, and how good such expectations were: made once for both editions.

A backtest costs seconds, so its tables are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.analysis.forecast.alerts import alerts_within
from labtools.analysis.forecast.backtest import Backtest, backtest, scoreboard
from labtools.analysis.forecast.baselines import History
from labtools.analysis.forecast.contagion import Rings, borders_apart, rings_of
from labtools.analysis.forecast.late_records import share_recorded
from labtools.analysis.forecast.models import models_for
from labtools.analysis.forecast.scores import quantiles
from labtools.errors import AnalysisError
from labtools.privacy.rules import protect_scores
from labtools.tables import vocabulary as words
from labtools.tables.contracts import CONTRACTS, check_tables, empty_table
from labtools.tables.lineage import trace
from labtools.tables.periods import Window
from labtools.tables.store import read_table
from labtools.workflow.edition import Edition
from labtools.workflow.keeping import kept_in
from labtools.workflow.level_traits import level_traits
from labtools.workflow.programme_past import programme_in_force
from labtools.workflow.risk_questions import SPANS
from labtools.workflow.steps import Opened

TABLES = ("forecast", "alerts", "scoreboard")
GROUPS = (words.TOTAL, *words.GROUPS)
_READ = ("panel", "colonias", "indicators", "survey", "programme")
_STEPS = 3
_ORIGINS = 4
_FEWEST_MONTHS = 36
_LONGEST = 60
_NEAR_METRES = 20
_FURTHEST = 2
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Alerting:
    """With what alerts are given.

    Attributes
    ----------
    budget : float
        False alerts to be expected in one month over all colonias and groups.
    complete : float, optional
        Share of the last month's records that is already there; without it nothing is allowed
        for, which can only hide alerts.
    """

    budget: float = 1.0
    complete: float | None = None


@dataclass(frozen=True, slots=True)
class BesideCounts:
    """What is known of colonias beside their counts.

    Attributes
    ----------
    traits : pandas.DataFrame, optional
        See :func:`labtools.workflow.level_traits.level_traits`.
    programme : pandas.DataFrame, optional
        Canonical table ``programme``.
    """

    traits: pd.DataFrame | None = None
    programme: pd.DataFrame | None = None

    def in_force(self, counts: pd.DataFrame) -> pd.DataFrame | None:
        """Return the share of each month in which each colonia was in the programme."""
        if self.programme is None:
            return None
        months = pd.DatetimeIndex(counts.columns)
        return programme_in_force(self.programme, months, counts.index, months=1)


def forecasts(
    opened: Opened, window: Window, recorded: Mapping[int, float]
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables ``forecast``, ``alerts`` and ``scoreboard`` of a period.

    They are made again only when the counts, the code or the period changed.

    Parameters
    ----------
    recorded : mapping of int to float
        See `recorded_by_span`.
    """
    inputs = [opened.workbench.processed / f"{name}.parquet" for name in _READ]
    how = Alerting(opened.settings.alerts.false_per_month, recorded.get(1))
    told = [window.last_month, how.budget, how.complete, opened.settings.risk.surface]
    lineage = trace("analyse", inputs, root=opened.workbench.root, settings=told)
    return kept_in(opened.workbench).take(
        "forecast",
        [asdict(lineage)],
        lambda: check_tables(_made(opened, window, how)),
    )


def forecast_results(
    processed: Mapping[str, pd.DataFrame], edition: Edition
) -> dict[str, pd.DataFrame]:
    """Return what of the forecasts goes into an edition: scores are public, figures are not."""
    if edition.is_public:
        return {"scoreboard": protect_scores(processed["scoreboard"])}
    return {name: processed[name] for name in TABLES}


def forecast_tables(
    panel: pd.DataFrame,
    colonias: gpd.GeoDataFrame,
    window: Window,
    how: Alerting,
    *,
    crs: str,
    beside: BesideCounts | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the three tables from the counts by colonia and month."""
    beside = beside or BesideCounts()
    keys = pd.Index(colonias["colonia_id"])
    rings = _rings(colonias, crs)
    areas = colonias.to_crs(crs).area.set_axis(keys)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for group in GROUPS:
        history = _history(panel, keys, group, window, rings)
        force = beside.in_force(history.counts)
        history = replace(history, areas=areas, traits=beside.traits, programme=force)
        months = history.counts.shape[1]
        if months >= _FEWEST_MONTHS and history.values()[:, -_FEWEST_MONTHS:].sum():
            for name, table in _of_group(history, group, how).items():
                parts[name].append(table)
    return {
        name: pd.concat(found, ignore_index=True)[list(CONTRACTS[name].columns)]
        if found
        else empty_table(name)
        for name, found in parts.items()
    }


def recorded_by_span(
    panel: pd.DataFrame, earlier: Mapping[str, pd.DataFrame], window: Window
) -> dict[int, float]:
    """Return which share of the records of the last month, quarter and year is there by now.

    It is learnt from what earlier runs told; a span of which none can tell is left out.

    Parameters
    ----------
    panel : pandas.DataFrame
        Canonical table ``panel``.
    earlier : mapping of str to pandas.DataFrame
        See :func:`~labtools.workflow.recording.told_earlier`.
    window : Window
        Spans are counted back from its end.
    """
    files = panel[(panel["record_type"] == "case_file") & panel["group"].isin(words.GROUPS)]
    now = files.groupby("month")["events"].sum().astype(float)
    if now.empty:
        return {}
    looks = [_by_month(told) for told in earlier.values()]
    age = len(now.index[now.index >= window.end])
    told = {
        span: round(share_recorded(now, looks, age=age, months=span), _DECIMALS) for span in SPANS
    }
    return {span: share for span, share in told.items() if not np.isnan(share)}


def _by_month(table: pd.DataFrame) -> pd.Series:
    """Return the events of all groups that an earlier run told, by month."""
    total = table[table["group"] == words.TOTAL]
    return total.set_index("month")["events"].astype("Float64").astype(float)


def _made(opened: Opened, window: Window, how: Alerting) -> dict[str, pd.DataFrame]:
    read = {name: read_table(name, opened.workbench.processed) for name in _READ}
    # Whoever asks for a quick model of risk does not wait for the slow one of the months to come.
    in_time = opened.settings.risk.surface == "space_time"
    return forecast_tables(
        read["panel"],
        gpd.GeoDataFrame(read["colonias"]),
        window,
        how,
        crs=opened.settings.lab.crs,
        beside=BesideCounts(level_traits(read) if in_time else None, read["programme"]),
    )


def _of_group(history: History, group: str, how: Alerting) -> dict[str, pd.DataFrame]:
    months = history.counts.shape[1]
    origins = [months - _STEPS * k for k in range(_ORIGINS, 0, -1)]
    models = models_for(history)
    tested = backtest(history, models, origins=origins, steps=_STEPS)
    board = scoreboard(tested, models)
    shown = str(board.loc[board["shown"], "model"].iloc[0])
    columns = history.counts.columns
    scores = board.round(_DECIMALS).assign(
        group=group, first_month=columns[origins[0]], last_month=columns[-1]
    )
    return {
        "scoreboard": scores,
        "forecast": _ahead(history, tested, shown).assign(group=group),
        "alerts": _alerts(history, tested, shown, how).assign(group=group),
    }


def _ahead(history: History, tested: Backtest, model: str) -> pd.DataFrame:
    law = tested.learnt[model](history, _STEPS)
    last = history.counts.columns[-1]
    months = [last + pd.DateOffset(months=k) for k in range(1, _STEPS + 1)]
    n = len(history.counts)
    mean, size = law.mean.ravel(), law.size.ravel()
    limits = {
        f"{end}_{level * 100:.0f}": quantiles(share, mean, size)
        for level in (0.5, 0.8, 0.95)
        for end, share in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2))
    }
    return pd.DataFrame(
        {
            "colonia_id": np.repeat(history.counts.index.to_numpy(), _STEPS),
            "month": pd.to_datetime(months * n),
            "model": model,
            "mean": mean.round(_DECIMALS),
            **{name: values.astype(int) for name, values in limits.items()},
        }
    )


def _alerts(history: History, tested: Backtest, model: str, how: Alerting) -> pd.DataFrame:
    """Judge the last month by what was expected the month before."""
    before = history.until(history.counts.shape[1] - 1)
    law = tested.learnt[model](before, 1)
    budget = how.budget / len(GROUPS)
    last = history.counts.iloc[:, -1]
    complete = 1.0 if how.complete is None else how.complete
    found = alerts_within(last, law, budget=budget, complete=complete)
    return found.round({"expected": _DECIMALS, "p_value": 6}).assign(
        colonia_id=found.index,
        month=history.counts.columns[-1],
        model=model,
        budget=budget,
        complete=np.nan if how.complete is None else round(complete, _DECIMALS),
        observed=found["observed"].astype("Int64"),
        upper=found["upper"].astype(int),
    )


def _history(
    panel: pd.DataFrame, keys: pd.Index, group: str, window: Window, rings: Rings | None
) -> History:
    known = panel[panel["month"] < window.end]
    files = known[known["record_type"] == "case_file"]
    chosen = words.GROUPS if group == words.TOTAL else (group,)
    counts = _wide(files[files["group"].isin(chosen)], keys)
    months = counts.columns[-_LONGEST:]
    others = known[known["record_type"] != "case_file"]
    leads = {
        str(name): _wide(records, keys).reindex(columns=months)
        for name, records in others.groupby("record_type")
    }
    whole = {name: table for name, table in leads.items() if table.notna().all(axis=None)}
    return History(counts[months], rings, whole)


def _wide(records: pd.DataFrame, keys: pd.Index) -> pd.DataFrame:
    """Return counts by colonia and month; missing where a group's count is."""
    summed = records.groupby(["colonia_id", "month"])["events"].sum(skipna=False)
    wide = summed.unstack("month").reindex(keys).astype("Float64").astype(float)
    return wide.sort_index(axis=1)


def _rings(colonias: gpd.GeoDataFrame, crs: str) -> Rings | None:
    shapes = colonias.to_crs(crs).geometry
    one, other = shapes.sindex.query(shapes.buffer(_NEAR_METRES), predicate="intersects")
    pairs = np.column_stack([one, other])[one < other]
    try:
        return rings_of(borders_apart(pairs, len(colonias)), furthest=_FURTHEST)
    except AnalysisError:
        return None  # colonias far from each other: models do without neighbours
