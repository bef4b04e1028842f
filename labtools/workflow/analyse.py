"""Analyse: city-wide results for each edition, then the notebooks that read them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from labtools import paths
from labtools.errors import RunError, SettingsError
from labtools.messages import plural, text
from labtools.privacy.keys import read_key
from labtools.privacy.release import withheld_colonias
from labtools.runs.context import RUN_VARIABLE, read_shared_tables
from labtools.runs.jobs import Outcome
from labtools.runs.plan import plan_jobs, read_entries
from labtools.runs.pool import run_notebooks
from labtools.tables.account import accounts_table, read_accounts
from labtools.tables.lineage import digest_of, read_lineage, sha256_of, trace
from labtools.tables.periods import Window, window_ending
from labtools.tables.store import make_folder, read_table, write_table, writing
from labtools.workflow.edition import Edition
from labtools.workflow.results import active_programme, city_results
from labtools.workflow.steps import Opened
from labtools.workflow.tabulate import PROCESSED

ROUNDING_KEY = "rounding"
AUDIENCES = ("internal", "public")
#: Imported once by each lane, before it starts notebooks.
_PRELOAD = (
    "labtools.runs.context",
    "labtools.narrative",
    "labtools.charts.change",
    "labtools.charts.intervals",
    "labtools.charts.maps",
    "labtools.charts.perception",
    "labtools.charts.place",
    "labtools.charts.series",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run about to be made, or being made.

    Attributes
    ----------
    run_id : str
        ``<last month>-<digest>``: the same inputs, settings and code have the same one.
    folder : pathlib.Path
        Where it is made, aside; it is renamed when complete.
    window : Window
    fichas : tuple of str
        Colonias that get a ficha.
    """

    run_id: str
    folder: Path
    window: Window
    fichas: tuple[str, ...]


def prepare(opened: Opened, *, period_end: str = "") -> Prepared:
    """Return what the run will be: its period, its colonias, and its name.

    Raises
    ------
    SettingsError
        If there are no data for the period, or the colonias asked for are not in the register.
    """
    processed = _processed(opened)
    window = _window(opened, processed, period_end)
    fichas = _chosen(opened, processed, window)
    made_from = {
        name: read_lineage(opened.workbench.processed / f"{name}.parquet") for name in PROCESSED
    }
    key = read_key(opened.workbench.secrets, ROUNDING_KEY)
    digest = digest_of(
        {name: found.sha256 if found else "" for name, found in made_from.items()},
        next(found.code for found in made_from.values() if found),
        opened.settings.model_dump(mode="json"),
        digest_of(key.hex()),
        window.last_month,
        sorted(fichas),
        {p.name: sha256_of(p) for p in sorted(paths.bundled("notebooks").rglob("*.ipynb"))},
    )
    run_id = f"{window.last_month}-{digest[:10]}"
    folder = opened.workbench.reports / f".{run_id}.partial"
    return Prepared(run_id, folder, window, fichas)


def is_complete(opened: Opened, prepared: Prepared) -> bool:
    """Tell whether this very run was already made."""
    return (opened.workbench.run(prepared.run_id) / "manifest.json").is_file()


def analyse(opened: Opened, *, period_end: str = "") -> tuple[Prepared, list[Outcome]]:
    """Make both editions' results, and execute the notebooks that read them.

    Raises
    ------
    RunError
        If a notebook fails: every one is tried, and the message names the first.
    """
    prepared = prepare(opened, period_end=period_end)
    if prepared.folder.exists():
        shutil.rmtree(prepared.folder)
    make_folder(opened.workbench.reports)
    make_folder(prepared.folder / "internal", private=True)
    for audience in AUDIENCES:
        _write_edition(opened, prepared, audience)
    outcomes = _execute(opened, prepared)
    with writing(prepared.folder / "outcomes.json") as aside:
        kept = [[o.key, o.ok, o.seconds, o.cpu_seconds, o.error, o.cell] for o in outcomes]
        aside.write_text(json.dumps(kept), encoding="utf-8")
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if failed:
        raise RunError(
            plural(
                "One notebook of {total} failed: {key}, cell {cell}: {error}. Nothing was "
                "published; the last edition stands.",
                "{n} notebooks of {total} failed; the first is {key}, cell {cell}: {error}. "
                "Nothing was published; the last edition stands.",
            ),
            n=len(failed),
            total=len(outcomes),
            key=failed[0].key,
            cell=failed[0].cell,
            error=failed[0].error or "",
        )
    return prepared, outcomes


def _processed(opened: Opened) -> dict[str, pd.DataFrame]:
    return {name: read_table(name, opened.workbench.processed) for name in PROCESSED}


def _window(opened: Opened, processed: dict[str, pd.DataFrame], period_end: str) -> Window:
    panel = processed["panel"]
    months = panel.loc[panel["record_type"] == "case_file", "month"]
    if len(months):
        return window_ending(period_end, first=months.min(), last=months.max())
    # Without incidents the period is that of the other sources, up to the latest cut date.
    latest = max(pd.Timestamp(source.cutoff) for source in opened.files())
    last = (latest + pd.Timedelta(days=1)).to_period("M").start_time - pd.DateOffset(months=1)
    return window_ending(period_end, first=last - pd.DateOffset(years=5), last=last)


def _chosen(opened: Opened, processed: dict[str, pd.DataFrame], window: Window) -> tuple[str, ...]:
    wanted, colonias = opened.settings.fichas, processed["colonias"]
    keys = colonias["colonia_id"]
    if wanted.select == "all":
        chosen = set(keys)
    elif wanted.select == "borough":
        chosen = set(keys[colonias["borough"] == wanted.borough])
    elif wanted.select == "listed":
        chosen = set(wanted.colonias)
    else:
        chosen = set(active_programme(processed["programme"], window.end).index)
    unknown = sorted(chosen - set(keys))
    if unknown or not chosen:
        raise SettingsError(
            "[fichas] in lab.toml asks for colonias that the register does not have, or for "
            "none ({n}; the first is {first}). Keys look like {example}; boroughs are {boroughs}.",
            n=len(unknown),
            first=unknown[0] if unknown else "—",
            example=str(keys.iloc[0]),
            boroughs=tuple(sorted(colonias["borough"].dropna().unique())[:20]) or ("—",),
        )
    return tuple(sorted(chosen))


def make_edition(opened: Opened, prepared: Prepared, audience: str) -> dict[str, pd.DataFrame]:
    """Return every result table of an edition of the run, made from processed tables."""
    processed = _processed(opened)
    edition = Edition(
        audience=audience,
        window=prepared.window,
        withheld=withheld_colonias(processed["colonias"], opened.settings.disclosure),
        with_ficha=frozenset(prepared.fichas),
        key=read_key(opened.workbench.secrets, ROUNDING_KEY),
    )
    return city_results(processed, edition, opened.settings)


def _write_edition(opened: Opened, prepared: Prepared, audience: str) -> None:
    inputs = [opened.workbench.processed / f"{name}.parquet" for name in PROCESSED]
    told = [audience, prepared.run_id]
    lineage = trace("analyse", inputs, root=opened.workbench.root, settings=told)
    folder = prepared.folder / "internal" / "city" / audience
    for name, table in make_edition(opened, prepared, audience).items():
        write_table(name, table, folder, lineage=lineage)
    if audience == "internal":
        accounts = accounts_table(read_accounts(opened.workbench.accounts))
        write_table("account", accounts, folder, lineage=lineage)


def _execute(opened: Opened, prepared: Prepared) -> list[Outcome]:
    jobs = plan_jobs(
        read_entries(),
        prepared.fichas,
        period_end=prepared.window.last_month,
        run=prepared.folder,
    )
    for folder in {job.output.parent for job in jobs}:
        make_folder(folder)
    os.environ[paths.ENVIRONMENT_VARIABLE] = str(opened.workbench.root)
    os.environ[RUN_VARIABLE] = str(prepared.folder)
    report = _Progress(opened, len(jobs))
    try:
        return run_notebooks(
            jobs,
            preload=_PRELOAD,
            warm=partial(read_shared_tables, str(prepared.folder)),
            on_done=report.tell,
        )
    finally:
        del os.environ[RUN_VARIABLE], os.environ[paths.ENVIRONMENT_VARIABLE]


class _Progress:
    """Tell how many notebooks are done, ten times in a run, and each failure at once."""

    def __init__(self, opened: Opened, total: int) -> None:
        self._opened, self._total, self._done = opened, total, 0

    def tell(self, outcome: Outcome) -> None:
        self._done += 1
        if not outcome.ok:
            self._opened.tell(
                text("Failed: {key}: {error}", key=outcome.key, error=outcome.error or "")
            )
        if sys.stdout.isatty() or self._done % max(1, self._total // 10) == 0:
            self._opened.tell(
                text("Notebooks: {done} of {total}", done=self._done, total=self._total)
            )
