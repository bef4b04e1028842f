"""``lab = labtools.start(...)``: what a notebook knows of its run and its colonia."""

from __future__ import annotations

import difflib
import html
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from IPython.display import display

from labtools.charts.ground import Ground, ground_of
from labtools.errors import PrivacyError, SettingsError
from labtools.messages import text
from labtools.paths import Workbench, find_workbench
from labtools.runs.reads import note_file, note_read
from labtools.tables.contracts import CONTRACTS
from labtools.tables.cuts import NONE, Cut, with_light_words
from labtools.tables.in_words import in_words
from labtools.tables.origins import explain
from labtools.tables.periods import window_ending
from labtools.tables.released import FICHA_TABLES, Released, seal_of_lines, slug, write_ficha
from labtools.tables.store import make_folder, read_table, writing

Audience = Literal["internal", "public"]
RUN_VARIABLE = "LABTOOLS_RUN"
#: Where what a rehearsed notebook saves goes, instead of into the run.
REHEARSAL_VARIABLE = "LABTOOLS_REHEARSAL"
FICHA_FILE = "ficha.json"
_MOST_ROWS = 60
_PLAIN = "<IPython.core.display.HTML object>"


@dataclass(frozen=True, slots=True)
class Lab:
    """A notebook's view of one run.

    Attributes
    ----------
    workbench : Workbench
    run : pathlib.Path
        Folder of the run.
    audience : {"internal", "public"}
        Whose edition the notebook makes: its tables hold what that audience may see.
    colonia_id : str
        The colonia the notebook speaks of; empty for the municipality.
    outputs : pathlib.Path
        Where what the notebook saves goes.
    """

    workbench: Workbench
    run: Path
    audience: Audience
    colonia_id: str
    outputs: Path

    def table(self, name: str) -> pd.DataFrame:
        """Return a result table: this colonia's rows where it has colonias, else all of it."""
        if not (self.colonia_id and city_cut(name, self._city).is_by_colonia):
            return self.whole(name)
        return self._own(name).of(self.colonia_id)

    def whole(self, name: str) -> pd.DataFrame:
        """Return a result table for every colonia."""
        # Not the table itself: a process that rehearses must find it unchanged afterwards.
        return self._all(name).table.copy(deep=False)

    def ground(self) -> Ground:
        """Return the map of every colonia, drawn from the same table for all notebooks."""
        note_read(self.audience, "colonias_shown")
        return _ground(self._city)

    def profile(self) -> pd.Series:
        """Return what is known of this colonia: name, borough, population, area, programme.

        Raises
        ------
        SettingsError
            If the notebook speaks of no colonia.
        """
        if not self.colonia_id:
            raise SettingsError(
                "This notebook speaks of the municipality and has no colonia to tell of. Give "
                'one: labtools.start(colonia_id="…").'
            )
        note_read(self.audience, "colonias_shown", self.colonia_id)
        return _profiles(self._city).of(self.colonia_id).iloc[0]

    def perception(self) -> pd.DataFrame:
        """Return perception of the city, of this colonia's borough, and of itself where shown."""
        return self._all("perception").at(self._asked_here())

    def ficha(self) -> Released:
        """Return this colonia's ficha: its slices of the tables that fichas carry, sealed.

        The tables are those that `table` gives, for perception those that `perception` gives.
        """
        tables, lines = {}, {}
        many = REHEARSAL_VARIABLE in os.environ
        for name in FICHA_TABLES:
            cut, places = _of_fichas(name, self._city), None
            if many:
                _ = cut.lines  # all at once, for the many fichas that this one is rehearsed for
            if name == "perception":
                places = self._asked_here()
            elif cut.is_by_colonia:
                note_read(self.audience, name, self.colonia_id)
                places = cut.places_of(self.colonia_id)
            else:
                note_read(self.audience, name)
            tables[name] = cut.table.copy(deep=False) if places is None else cut.at(places)
            lines[name] = cut.lines if places is None else cut.lines_at(places)
        note_read(self.audience, "colonias_shown", self.colonia_id)
        own = _profiles(self._city)
        if many:
            _ = own.lines
        tables["profile"] = own.of(self.colonia_id)
        lines["profile"] = own.lines_of(self.colonia_id)
        return Released(self.colonia_id, tables, seal_of_lines(lines), lines=lines)

    def save_table(self, name: str, table: pd.DataFrame, *, audience: Audience) -> Path:
        """Save a table of this notebook under an audience label.

        Raises
        ------
        PrivacyError
            If a table of the internal edition is labelled public.
        """
        _check_audience(audience)
        if audience == "public" and self.audience != "public":
            raise PrivacyError(
                "The table {table} was made in an internal edition and cannot be labelled "
                'public: it may hold true counts. Save it with audience="internal".',
                table=name,
            )
        path = make_folder(self.outputs / audience) / f"{name}.parquet"
        plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
        with writing(path) as aside:
            plain.to_parquet(aside, index=False)
        note_file(path)
        return path

    def save_ficha(self, ficha: Released, *, audience: Audience) -> Path:
        """Save the tables of a colonia's ficha, in the one file that release takes them from.

        Raises
        ------
        PrivacyError
            If a ficha of the internal edition is labelled public.
        """
        _check_audience(audience)
        if audience == "public" and self.audience != "public":
            raise PrivacyError(
                "The ficha of {colonia} was made in an internal edition and cannot be labelled "
                'public: it may hold true counts. Save it with audience="internal".',
                colonia=ficha.colonia_id,
            )
        path = make_folder(self.outputs / audience) / FICHA_FILE
        write_ficha(ficha, path)
        note_file(path)
        return path

    def save_figure(self, name: str, svg: str, *, audience: Audience) -> Path:
        """Save a figure (SVG text) of this notebook under an audience label."""
        _check_audience(audience)
        if audience == "public" and self.audience != "public":
            raise PrivacyError(
                "The figure {figure} was drawn in an internal edition and cannot be labelled "
                'public. Save it with audience="internal".',
                figure=name,
            )
        path = make_folder(self.outputs / audience) / f"{name}.svg"
        with writing(path) as aside:
            aside.write_text(svg, encoding="utf-8")
        note_file(path)
        return path

    @property
    def _city(self) -> Path:
        return self.run / "internal" / "city" / self.audience

    def _own(self, name: str) -> Cut:
        note_read(self.audience, name, self.colonia_id)
        return city_cut(name, self._city)

    def _all(self, name: str) -> Cut:
        note_read(self.audience, name)
        return city_cut(name, self._city)

    def _asked_here(self) -> np.ndarray:
        note_read(self.audience, "perception")
        borough = self.profile()["borough"] if self.colonia_id else ""
        asked = _asked_by_area(self._city)
        here = [("colonia", self.colonia_id), ("borough", borough), ("city", "")]
        return np.sort(np.concatenate([asked.get(area, NONE) for area in here]))

    def say(self, *sentences: Sequence[str]) -> None:
        """Show sentences, one paragraph each; nothing in them is taken for mark-up."""
        paragraphs = [f"<p>{html.escape(said)}</p>" for group in sentences for said in group]
        _show("\n".join(paragraphs))

    def explain(self, name: str) -> None:
        """Show where a result table comes from, step by step, to the suppliers' bytes.

        Raises
        ------
        TableError
            If the run has no table of that name.
        """
        steps = explain(self.workbench, self._city / f"{name}.parquet")
        lines = "\n".join(f"{'  ' * step.depth}{step}" for step in steps)
        _show(f"<pre>{html.escape(lines)}</pre>")

    def show(self, table: pd.DataFrame | pd.Series, names: Mapping[str, str] | None = None) -> None:
        """Show a table for readers: headings and words in the language in force, nothing run.

        Parameters
        ----------
        table : DataFrame or Series
            See `labtools.tables.in_words`; of a long one the first and the last rows are shown.
        names : mapping of str to str, optional
            What keys of the lab stand for, as its traits, actions and agencies.
        """
        if not len(table):
            self.say((text("Nothing to show here."),))
            return
        told = in_words(table, names)
        with pd.option_context("display.max_colwidth", None):
            drawn = told.to_html(index=False, border=0, max_rows=_MOST_ROWS, justify="left")
        _show(drawn)

    def draw(self, svg: str) -> None:
        """Show a figure of ``labtools.charts``."""
        _show(f"<figure>{svg}</figure>")


def start(
    *,
    colonia_id: str = "",
    period_end: str = "",
    audience: Audience = "internal",
    workbench: str = "",
    notebook: str = "",
) -> Lab:
    """Open a run for a notebook: the second cell of every notebook.

    Parameters
    ----------
    colonia_id : str
        Key in the register; empty for a notebook about the municipality.
    period_end : str
        Last month, ``YYYY-MM``; empty takes the run's.
    audience : {"internal", "public"}
        Whose edition to make.
    workbench : str
        Folder of the workbench; empty takes the one around the current folder.
    notebook : str
        Name of the notebook, for its outputs.

    Raises
    ------
    SettingsError
        If there is no workbench or run, the colonia is not in the register (the nearest keys
        are named), or the run does not speak of that period.
    """
    _check_audience(audience)
    bench = Workbench(Path(workbench).resolve()) if workbench else find_workbench()
    if bench is None:
        raise SettingsError(
            "There is no workbench here: no lab.toml in this folder or above it. Give "
            'workbench="…", or make one with “labtools demo” or “labtools init”.'
        )
    managed = os.environ.get(RUN_VARIABLE, "")
    run = Path(managed) if managed else bench.reports / "latest"
    if not (run / "internal" / "city" / audience).is_dir():
        raise SettingsError(
            "The workbench {folder} has no finished run yet. Make one with “labtools run”.",
            folder=str(bench.root),
        )
    where = run / "internal" / "outputs" if managed else bench.reports / "scratch"
    where = Path(os.environ.get(REHEARSAL_VARIABLE, "") or where)
    lab = Lab(bench, run, audience, colonia_id, where / (notebook or "notebook") / slug(colonia_id))
    if colonia_id:
        _check_colonia(lab)
    if period_end:
        _check_period(lab, period_end)
    return lab


@lru_cache(maxsize=128)
def city_cut(name: str, folder: Path) -> Cut:
    """Return a result table, and what is known of its slices.

    It is read once in the process that forks the notebooks' own; they inherit it.
    """
    return Cut(read_table(name, folder))


@lru_cache(maxsize=64)
def _of_fichas(name: str, folder: Path) -> Cut:
    """Return a result table to take slices of a few rows from."""
    return Cut(with_light_words(city_cut(name, folder).table))


@lru_cache(maxsize=4)
def _profiles(folder: Path) -> Cut:
    shown = city_cut("colonias_shown", folder).table
    return Cut(with_light_words(pd.DataFrame(shown.drop(columns="geometry"))))


@lru_cache(maxsize=4)
def _asked_by_area(folder: Path) -> Mapping[tuple[str, str], np.ndarray]:
    """Return where each area's rows of perception are; those of any city are of one area, ""."""
    table = city_cut("perception", folder).table
    found = defaultdict[tuple[str, str], list[int]](list)
    for place, (kind, area) in enumerate(zip(table["area_kind"], table["area"], strict=True)):
        found[kind, "" if kind == "city" else area].append(place)
    return {area: np.array(places, dtype=np.intp) for area, places in found.items()}


@lru_cache(maxsize=4)
def _ground(folder: Path) -> Ground:
    return ground_of(gpd.GeoDataFrame(city_cut("colonias_shown", folder).table))


@lru_cache(maxsize=4)
def _last_month(folder: Path) -> str:
    end = city_cut("period", folder).table["window_end"].iloc[0]
    return f"{end - pd.DateOffset(months=1):%Y-%m}"


def read_shared_tables(run: str, expected: frozenset[tuple[str, str]] | None = None) -> None:
    """Read the result tables of a run into this process, for the notebooks it will start.

    Posterior draws are left out: models ask for them, notebooks do not, and all that this
    process holds is copied, page table by page table, for each notebook.

    Parameters
    ----------
    expected : frozenset of (audience, table), optional
        What the notebooks are known to read; by default they may read anything.  One that reads
        another table reads it by itself.
    """
    for folder in sorted((Path(run) / "internal" / "city").iterdir()):
        names = {
            name
            for name in (path.stem for path in folder.glob("*.parquet"))
            if name in CONTRACTS and "draw" not in CONTRACTS[name].columns
        }
        if expected is not None:
            names &= {name for audience, name in expected if audience == folder.name}
        if not names:
            continue
        for name in sorted(names):
            city_cut(name, folder)
        _ground(folder)
        _profiles(folder)
        _asked_by_area(folder)
        _last_month(folder)
        for name in FICHA_TABLES:
            if name in names:
                _of_fichas(name, folder)


def _show(markup: str) -> None:
    """Show what is HTML already, as IPython's ``HTML`` would be, in half the time."""
    display({"text/plain": _PLAIN, "text/html": markup}, raw=True)


def _check_audience(audience: str) -> None:
    if audience not in get_args(Audience):
        raise SettingsError(
            "“{audience}” is not an audience. Those there are: {allowed}.",
            audience=audience,
            allowed=get_args(Audience),
        )


def _check_colonia(lab: Lab) -> None:
    # Not noted as read: a job is planned for a colonia of the register only.
    shown = city_cut("colonias_shown", lab._city)  # noqa: SLF001 - its own module
    if not len(shown.places_of(lab.colonia_id)):
        known = shown.table["colonia_id"]
        near = difflib.get_close_matches(lab.colonia_id, list(known), n=3, cutoff=0.5)
        raise SettingsError(
            "The colonia {colonia} is not in the register of this workbench ({n} colonias). "
            "Nearest keys: {near}.",
            colonia=lab.colonia_id,
            n=len(known),
            near=tuple(near) or ("—",),
        )


def _check_period(lab: Lab, period_end: str) -> None:
    note_read(lab.audience, "period")
    city = lab._city  # noqa: SLF001 - its own module
    if period_end == _last_month(city):
        return
    period = city_cut("period", city).table.iloc[0]
    last = period["window_end"] - pd.DateOffset(months=1)
    window_ending(period_end, first=period["first_month"], last=last)  # it may not be a period
    raise SettingsError(
        "This run speaks of the twelve months that end in {last}, and {asked} was asked for. "
        "Make that run with “labtools run --period-end {asked}”.",
        last=_last_month(city),
        asked=period_end,
    )
