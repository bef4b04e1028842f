"""Workbench of the Laboratorio de Prevención Social.

``lab = labtools.start(...)`` opens a workbench in a notebook; everything else is
imported from its own module.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labtools.runs.context import start as start

__version__ = "0.1.0"
__all__ = ["__version__", "start"]


def __getattr__(name: str) -> object:
    """Load `start` when first used: ``import labtools`` must cost nothing (PEP 562)."""
    if name == "start":
        # By name: the package itself stands below the room that `start` lives in.
        return importlib.import_module("labtools.runs.context").start
    raise AttributeError(name)
