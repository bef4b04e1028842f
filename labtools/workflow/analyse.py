"""Analyse: city-wide results for each edition, then the notebooks that read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labtools import paths
from labtools.errors import RunError, SettingsError, SpaceError
from labtools.messages import Plural, plural
from labtools.paths import Workbench
from labtools.privacy.cards import read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.registry import NAME as REGISTRY_FILE
from labtools.privacy.registry import OPTIONAL, Registry, read_registry
from labtools.privacy.release import withheld_colonias
from labtools.runs.jobs import Outcome
from labtools.runs.manifest import NAME as MANIFEST
from labtools.runs.manifest import read_manifest
from labtools.runs.plan import ficha_of
from labtools.tables.account import accounts_table, changes_table, read_accounts
from labtools.tables.contracts import check_tables, empty_table
from labtools.tables.lineage import Lineage, digest_of, read_lineage, sha256_of, trace
from labtools.tables.periods import Window, window_ending
from labtools.tables.store import make_folder, read_table, write_table, writing
from labtools.targeting.catalogue import read_agencies, read_interventions, read_taxonomies
from labtools.workflow.edition import Edition
from labtools.workflow.forecasting import alerting, forecasts, recorded_by_span
from labtools.workflow.keeping import kept_in
from labtools.workflow.known import Known
from labtools.workflow.notebooks import Choice, Planned, execute, plan_notebooks, tell_plan
from labtools.workflow.patterns import PREMISES
from labtools.workflow.protocols import planned_evaluations
from labtools.workflow.quality import quality_tables
from labtools.workflow.recorded_events import EVENTS, recorded_events
from labtools.workflow.recording import names_of_earlier, told_earlier
from labtools.workflow.results import active_programme, city_results
from labtools.workflow.revising import told_of_sources
from labtools.workflow.steps import Opened
from labtools.workflow.surroundings import premises_around
from labtools.workflow.tabulate import PROCESSED
from labtools.workflow.targeting import targeting_tables
from labtools.workflow.unplaced import unplaced_files

ROUNDING_KEY = "rounding"
OUTCOMES = "outcomes.json"
WHOLE = Choice()
_BYTES_AT_LEAST = 64 * 1024**2


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
    digest : str
        Of what it is made from.
    """

    run_id: str
    folder: Path
    window: Window
    fichas: tuple[str, ...]
    digest: str

    @property
    def name(self) -> str:
        """Name of what is made from these inputs, the first time it is made."""
        return f"{self.window.last_month}-{self.digest[:10]}"


def prepare(opened: Opened, *, period_end: str = "", again: bool = False) -> Prepared:
    """Return what the run will be: its period, its colonias, and its name.

    With `again`, a run already made whole is to be made once more, beside itself.

    Raises
    ------
    SettingsError
        If there are no data for the period, or the colonias asked for are not in the register.
    """
    processed = _processed(opened)
    window = window_of(opened, processed, period_end)
    fichas = _chosen(opened, processed, window)
    made_from = {
        name: read_lineage(opened.workbench.processed / f"{name}.parquet") for name in PROCESSED
    }
    keys = read_keyring(opened.workbench.secrets, ROUNDING_KEY)
    digest = digest_of(
        {name: found.sha256 if found else "" for name, found in made_from.items()},
        next(found.code for found in made_from.values() if found),
        opened.settings.of_content(),
        keys.digest(),
        [card.model_dump() for card in read_cards(opened.workbench.reference("cards"))],
        registry_of(opened).model_dump(),
        [
            read(opened.workbench.references).model_dump(mode="json")
            for read in (read_interventions, read_agencies, read_taxonomies)
        ],
        window.last_month,
        sorted(fichas),
        {p.name: sha256_of(p) for p in sorted(paths.bundled("notebooks").rglob("*.ipynb"))},
        [repr(plan) for plan in planned_evaluations(opened.workbench)],
    )
    run_id = _name(opened, f"{window.last_month}-{digest[:10]}", again=again)
    folder = opened.workbench.reports / f".{run_id}.partial"
    return Prepared(run_id, folder, window, fichas, digest)


def is_complete(opened: Opened, prepared: Prepared) -> bool:
    """Tell whether this very run was already made, and made whole."""
    return failed_in(opened.workbench.run(prepared.run_id)) == ()


def plan(
    opened: Opened, *, period_end: str = "", choice: Choice = WHOLE
) -> tuple[Prepared, list[Planned]]:
    """Make both editions' results, and say which notebooks must be executed and why."""
    again = choice.force and not choice.is_partial
    prepared = prepare(opened, period_end=period_end, again=again)
    return prepared, _planned(opened, prepared, choice)


def _planned(opened: Opened, prepared: Prepared, choice: Choice) -> list[Planned]:
    check_space(opened.workbench)
    make_folder(opened.workbench.reports)
    make_folder(prepared.folder, private=True)
    make_folder(prepared.folder / "internal", private=True)
    write_editions(opened, prepared)
    return plan_notebooks(
        prepared.fichas,
        prepared.folder,
        (prepared.folder, opened.workbench.latest),
        period_end=prepared.window.last_month,
        choice=choice,
    )


def analyse(
    opened: Opened, *, period_end: str = "", choice: Choice = WHOLE
) -> tuple[Prepared, list[Outcome]]:
    """Make both editions' results, and execute the notebooks that what changed asks for.

    A ficha that fails does not stop the others; any other notebook is needed.

    Raises
    ------
    RunError
        If every ficha fails, or another notebook: each is tried, and the message names the
        first.
    SpaceError
        If the disk has no room for the run.
    """
    again = choice.force and not choice.is_partial
    prepared = prepare(opened, period_end=period_end, again=again)
    return prepared, execute_plan(opened, prepared, choice)


def execute_plan(opened: Opened, prepared: Prepared, choice: Choice) -> list[Outcome]:
    """Make the results of a prepared run and execute its notebooks: see `analyse`."""
    planned = _planned(opened, prepared, choice)
    tell_plan(planned, opened.tell)
    outcomes = execute(opened, prepared.folder, planned, choice)
    with writing(prepared.folder / OUTCOMES) as aside:
        aside.write_text(json.dumps([asdict(it) for it in outcomes]), encoding="utf-8")
    failed = [outcome for outcome in outcomes if not outcome.ok]
    fichas = [outcome for outcome in outcomes if ficha_of(outcome.key)]
    needed = [outcome for outcome in failed if not ficha_of(outcome.key)]
    if needed or (fichas and not any(outcome.ok for outcome in fichas)):
        raise failure_of_run(
            failed,
            len(outcomes),
            plural(
                "One notebook of {total} failed: {key}, cell {cell}: {error}. Nothing was "
                "published; the last edition stands.",
                "{n} notebooks of {total} failed; the first is {key}, cell {cell}: {error}. "
                "Nothing was published; the last edition stands.",
            ),
        )
    return outcomes


def failure_of_run(failed: Sequence[Outcome], total: int, sentence: Plural) -> RunError:
    """Return the error that tells of the notebooks that failed; the first is named."""
    return RunError(
        sentence,
        n=len(failed),
        total=total,
        key=failed[0].key,
        cell=failed[0].cell,
        error=failed[0].error or "",
    )


def outcomes_of(prepared: Prepared) -> list[Outcome]:
    """Return what came of the notebooks of a run that is being made."""
    kept = json.loads((prepared.folder / OUTCOMES).read_text(encoding="utf-8"))
    return [Outcome(**row) for row in kept]


def _name(opened: Opened, base: str, *, again: bool) -> str:
    """Return the run's name: that of one made whole, else one that no run has yet.

    A run some of whose fichas failed is published, and made again beside itself: a folder
    that readers may have open is never changed.
    """
    name, times = base, 1
    while (failed := failed_in(opened.workbench.run(name))) is not None:
        if not (failed or again):
            return name
        times += 1
        name = f"{base}-{times}"
    return name


def failed_in(run: Path) -> tuple[str, ...] | None:
    """Return the notebooks that failed in a finished run; None if there is no such run."""
    if not (run / MANIFEST).is_file():
        return None
    notebooks: Any = read_manifest(run)["notebooks"]
    return tuple(outcome["key"] for outcome in notebooks if not outcome["ok"])


def check_space(workbench: Workbench) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    SpaceError
    """
    latest = workbench.latest
    used = sum(p.stat().st_size for p in latest.rglob("*") if p.is_file()) if latest.exists() else 0
    needed = max(_BYTES_AT_LEAST, used + used // 2)
    free = shutil.disk_usage(workbench.root).free
    if free < needed:
        raise SpaceError(
            "The disk of {folder} has {free} MB free and this run may need {needed} MB. Nothing "
            "was begun: make room first.",
            folder=str(workbench.root),
            free=free // 1024**2,
            needed=needed // 1024**2,
        )


def _processed(opened: Opened) -> dict[str, pd.DataFrame]:
    return {name: read_table(name, opened.workbench.processed) for name in PROCESSED}


def window_of(opened: Opened, processed: dict[str, pd.DataFrame], period_end: str) -> Window:
    """Return the twelve months that a run tells of, by the dates in its processed tables."""
    panel = processed["panel"]
    months = panel.loc[panel["record_type"] == "case_file", "month"]
    if len(months):
        return window_ending(period_end, first=months.min(), last=months.max())
    last = _last_told(processed)
    if last is None:  # nothing there has a date of its own: up to the latest cut date
        latest = max(pd.Timestamp(source.cutoff) for source in opened.files())
        last = (latest + pd.Timedelta(days=1)).to_period("M").start_time - pd.DateOffset(months=1)
    return window_ending(period_end, first=last - pd.DateOffset(years=5), last=last)


def _last_told(processed: dict[str, pd.DataFrame]) -> pd.Timestamp | None:
    """Return the last month of the quarter that the last wave, quarter or action lies in.

    Without incidents the period is that of the files there are: not of the register, which may be
    cut years before or after them.
    """
    dated = {"survey": "wave", "city_perception": "quarter", "actions": "done_on"}
    days = [processed[name][column].max() for name, column in dated.items()]
    known = [day for day in days if pd.notna(day)]
    if not known:
        return None
    return max(known).to_period("Q").end_time.to_period("M").start_time.as_unit("us")


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
    processed = {**_processed(opened), **forecasts(opened, prepared.window, prepared.name)}
    processed[EVENTS] = recorded_events(opened)
    processed[PREMISES] = premises_around(opened)
    edition = Edition(
        audience=audience,
        window=prepared.window,
        withheld=withheld_colonias(processed["colonias"], opened.settings.disclosure),
        with_ficha=frozenset(prepared.fichas),
        key=read_keyring(opened.workbench.secrets, ROUNDING_KEY),
        cards=read_cards(opened.workbench.reference("cards")),
        protocols=tuple(planned_evaluations(opened.workbench)),
        recorded=recorded_by_span(opened, prepared.window, prepared.name),
        earlier=told_earlier(opened, prepared.name),
        unplaced=unplaced_files(opened),
        references=opened.workbench.references,
        fits=kept_in(opened.workbench),
    )
    results = city_results(processed, edition, opened.settings)
    made = results | targeting_tables(Known(processed, results, edition, opened.settings))
    return _as_registered(opened, made) if edition.is_public else made


def registry_of(opened: Opened) -> Registry:
    """Return what this workbench publishes, under which rules."""
    return read_registry(opened.workbench.reference(REGISTRY_FILE))


def _as_registered(opened: Opened, made: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return an edition whose optional tables that the registry leaves out have no row."""
    left_out = OPTIONAL - registry_of(opened).tables.keys()
    return {**made, **{name: empty_table(name) for name in left_out & made.keys()}}


def lab_tables(opened: Opened, prepared: Prepared) -> dict[str, pd.DataFrame]:
    """Return the tables of the lab's own edition, which are kept: see `Kept`."""
    how = alerting(opened, prepared.window, prepared.name)
    recorded = recorded_by_span(opened, prepared.window, prepared.name)
    earlier = names_of_earlier(opened.workbench, prepared.name)
    shares = map(str, recorded.items())
    told = ["internal", prepared.digest, how.budget, *shares, earlier]
    return kept_in(opened.workbench).take(
        "edition",
        [asdict(_lineage(opened, told))],
        lambda: check_tables(make_edition(opened, prepared, "internal")),
    )


def write_editions(opened: Opened, prepared: Prepared) -> None:
    """Write the result tables of both editions into the run's folder.

    Those that will be published are always made anew.
    """
    accounts = read_accounts(opened.workbench.accounts)
    tables = {"account": accounts_table(accounts), "changes": changes_table(accounts)}
    told = {**told_of_sources(opened), **quality_tables(opened), **tables}
    _write(opened, prepared, "internal", {**lab_tables(opened, prepared), **told})
    made = make_edition(opened, prepared, "public")
    opened.made[prepared.run_id] = made
    _write(opened, prepared, "public", made)


def _write(
    opened: Opened, prepared: Prepared, audience: str, tables: Mapping[str, pd.DataFrame]
) -> None:
    lineage = _lineage(opened, [audience, prepared.run_id])
    for name, table in tables.items():
        write_table(name, table, prepared.folder / "internal" / "city" / audience, lineage=lineage)


def _lineage(opened: Opened, told: list[object]) -> Lineage:
    inputs = [opened.workbench.processed / f"{name}.parquet" for name in PROCESSED]
    return trace("analyse", inputs, root=opened.workbench.root, settings=told)
