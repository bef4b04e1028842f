"""What a dashboard's notebook calls: one line from a folder to a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labtools.dashboards.alerts import alerts
from labtools.dashboards.data import find_public, open_released
from labtools.dashboards.evaluations import evaluation_page
from labtools.dashboards.explorer import colonia_explorer
from labtools.dashboards.felt import felt_page
from labtools.dashboards.municipal_map import municipal_map
from labtools.dashboards.programme import programme_page

if TYPE_CHECKING:
    from ipywidgets import Widget


def open_map(workbench: str = "") -> Widget:
    """Return the map of the municipality; see :func:`open_explorer`."""
    return municipal_map(open_released(find_public(workbench)))


def open_alerts(workbench: str = "") -> Widget:
    """Return the changes that can be told apart from chance; see :func:`open_explorer`."""
    return alerts(open_released(find_public(workbench)))


def open_evaluations(workbench: str = "") -> Widget:
    """Return the page of evaluations of a workbench's latest released edition.

    Parameters
    ----------
    workbench : str, optional
        As for :func:`open_explorer`.
    """
    return evaluation_page(open_released(find_public(workbench)))


def open_explorer(workbench: str = "") -> Widget:
    """Return the explorer of colonias of a workbench's latest released edition.

    Parameters
    ----------
    workbench : str, optional
        Folder of the workbench.  Empty: the edition that the environment names
        (``LABTOOLS_PUBLIC``, as the dashboards' server does), or the nearest workbench.
    """
    return colonia_explorer(open_released(find_public(workbench)))


def open_targeting(workbench: str = "") -> Widget:
    """Return the page where budgets and rules are tried, as `open_explorer` does its own."""
    return programme_page(open_released(find_public(workbench)))


def open_perception(workbench: str = "") -> Widget:
    """Return the page of perception, as `open_explorer` does its own."""
    return felt_page(open_released(find_public(workbench)))
