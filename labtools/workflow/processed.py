"""The tables that an edition is made from: each is read, or made, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import pandas as pd

from labtools.tables.lineage import sha256_of
from labtools.tables.periods import Window
from labtools.tables.store import read_table
from labtools.workflow.forecasting import TABLES as FORECASTS
from labtools.workflow.forecasting import forecasts, recorded_by_span
from labtools.workflow.keeping import digest_of_table
from labtools.workflow.patterns import PREMISES
from labtools.workflow.recorded_events import EVENTS, events_digest, recorded_events
from labtools.workflow.recording import told_earlier
from labtools.workflow.steps import Opened
from labtools.workflow.surroundings import premises_around, premises_digest
from labtools.workflow.tabulate import PROCESSED


class Processed(Mapping[str, pd.DataFrame]):
    """Processed tables by name, and what is made of a workbench's files beside them.

    Parameters
    ----------
    opened : Opened
    window : Window, optional
        The period of an edition; only with it are there forecasts, events and premises.
    run : str
        The run they are made for.
    """

    def __init__(self, opened: Opened, window: Window | None = None, run: str = "") -> None:
        self._opened, self._window, self._run = opened, window, run
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read |= self._made(name)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in tuple(self)

    def __iter__(self) -> Iterator[str]:
        yield from PROCESSED
        if self._window:
            yield from (*FORECASTS, EVENTS, PREMISES)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def earlier(self) -> Mapping[str, pd.DataFrame]:
        """What runs of other inputs told: see `told_earlier`."""
        return told_earlier(self._opened, self._run)

    @cached_property
    def recorded(self) -> Mapping[int, float]:
        """Share of events that is recorded by now: see `recorded_by_span`; nothing untold."""
        if self._window is None:
            return {}
        return recorded_by_span(self["panel"], self.earlier, self._window)

    def digest(self, name: str) -> str:
        """Return the digest of a table; it is not read where its file's will do."""
        if name in PROCESSED:
            return sha256_of(self._opened.workbench.processed / f"{name}.parquet")
        if self._window and name == PREMISES:
            return premises_digest(self._opened)
        return events_digest(self._opened) if name == EVENTS else digest_of_table(self[name])

    def _made(self, name: str) -> dict[str, pd.DataFrame]:
        if name in PROCESSED:
            return {name: read_table(name, self._opened.workbench.processed)}
        if self._window and name in FORECASTS:
            return forecasts(self._opened, self._window, self.recorded)
        if self._window and name == EVENTS:
            return {name: recorded_events(self._opened)}
        if self._window and name == PREMISES:
            return {name: premises_around(self._opened)}
        raise KeyError(name)
