"""Which suppliers' files have not come yet, for a schedule that needs them."""

from __future__ import annotations

import pandas as pd

from labtools.errors import LabError
from labtools.settings import Schedule, Source
from labtools.workflow.steps import Opened


def late_sources(opened: Opened, schedule: Schedule, period: str) -> tuple[str, ...]:
    """Return the sources that do not reach the end of a period, or whose file is not there.

    How far a file reaches is what ``cutoff`` in ``lab.toml`` says of it.

    Parameters
    ----------
    period : str
        Last month that is needed, ``YYYY-MM``; empty where any will do.
    """
    needed = pd.Period(period, "M").end_time.normalize() if period else None
    return tuple(
        source.name
        for source in _needed(opened, schedule)
        if not (opened.workbench.root / source.path).is_file()
        or (needed is not None and pd.Timestamp(source.cutoff) < needed)
    )


def _needed(opened: Opened, schedule: Schedule) -> tuple[Source, ...]:
    if schedule.needs:
        return tuple(it for it in opened.settings.source if it.name in schedule.needs)
    try:
        return opened.of_kind("events")
    except LabError:
        return ()  # a descriptor is wrong: the run itself will say which, and how
