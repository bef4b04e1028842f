"""What `data_quality` tells beside the accounts: heaps of points, and how sure residents are."""

from __future__ import annotations

import pandas as pd

from labtools.places.assign import coarse
from labtools.settings import REGISTER
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.store import read_table
from labtools.workflow.factors import kept_text_tables
from labtools.workflow.steps import Opened
from labtools.workflow.vintage import CHANGES


def quality_tables(opened: Opened) -> dict[str, pd.DataFrame]:
    """Return ``heaps``, ``residents``, ``register_changes`` and `text_tables` as a run keeps them.

    A heap's point is coarse: the exact one, which `lab.toml` wants, was told by ``locate``.
    """
    clean, located = (opened.workbench.interim(step) for step in ("clean", "located"))
    parts = [
        read_table("point_heaps", located, as_name=f"{source.name}.point_heaps").assign(
            source=source.name
        )
        for source in opened.of_kind("events")
    ]
    filled = [part for part in parts if len(part)]
    heaps = pd.concat(filled, ignore_index=True) if filled else empty_table("heaps")
    rough = {name: coarse(heaps[name].to_numpy(float)) for name in ("lon", "lat")}
    columns = ["source", "lon", "lat", "events"]
    return {
        "heaps": check_table("heaps", heaps.assign(**rough)[columns]),
        "residents": read_table("residents", located),
        CHANGES: read_table(CHANGES, clean, as_name=f"{REGISTER}.{CHANGES}"),
        **kept_text_tables(opened),
    }
