"""What a run will be: its period, its colonias, and its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labtools import paths
from labtools.errors import SettingsError
from labtools.privacy.cards import read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.registry import NAME as REGISTRY_FILE
from labtools.privacy.registry import Registry, read_registry
from labtools.runs.manifest import NAME as MANIFEST
from labtools.runs.manifest import read_manifest
from labtools.tables.lineage import digest_of, read_lineage, sha256_of
from labtools.tables.periods import Window, window_ending
from labtools.targeting.catalogue import read_agencies, read_interventions, read_taxonomies
from labtools.workflow.processed import Processed
from labtools.workflow.protocols import planned_evaluations
from labtools.workflow.results import active_programme
from labtools.workflow.steps import Opened
from labtools.workflow.tabulate import PROCESSED

ROUNDING_KEY = "rounding"


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
    processed = Processed(opened)
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


def window_of(opened: Opened, processed: Mapping[str, pd.DataFrame], period_end: str) -> Window:
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


def registry_of(opened: Opened) -> Registry:
    """Return what this workbench publishes, under which rules."""
    return read_registry(opened.workbench.reference(REGISTRY_FILE))


def failed_in(run: Path) -> tuple[str, ...] | None:
    """Return the notebooks that failed in a finished run; None if there is no such run."""
    if not (run / MANIFEST).is_file():
        return None
    notebooks: Any = read_manifest(run)["notebooks"]
    return tuple(outcome["key"] for outcome in notebooks if not outcome["ok"])


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


def _last_told(processed: Mapping[str, pd.DataFrame]) -> pd.Timestamp | None:
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


def _chosen(
    opened: Opened, processed: Mapping[str, pd.DataFrame], window: Window
) -> tuple[str, ...]:
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
