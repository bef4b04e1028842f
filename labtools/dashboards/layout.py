"""What the pages of dashboards are laid out with: boxes, labels, the house's style, the address."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import ipywidgets as widgets

from labtools.charts.svg import Svg

FULL = widgets.Layout(width="100%")


def boxed(css_class: str, *inside: widgets.Widget) -> widgets.Box:
    """Return widgets in a box that the style sheet knows by a class, or several."""
    box = widgets.Box(inside)
    for one in css_class.split():
        box.add_class(one)
    return box


def labelled(name: str, control: widgets.Widget, *below: widgets.Widget) -> widgets.Box:
    """Return a control with its name, and what stands below it."""
    control.description = name
    return boxed("lab-control", control, *below)


def house_style() -> widgets.HTML:
    """Return the style sheet, as a widget that takes no room."""
    css = files("labtools.dashboards").joinpath("explorer.css").read_text(encoding="utf-8")
    return widgets.HTML(Svg(f"<style>{css}</style>"), layout=widgets.Layout(display="none"))


def address_box(named: Callable[[str], object]) -> widgets.Text:
    """Return the unseen box through which a page's address reaches its kernel, and back.

    Parameters
    ----------
    named : callable
        Called with whatever the address says; it must check that there is such a thing.
    """
    box = widgets.Text(layout=FULL)
    box.add_class("lab-address")
    box.observe(lambda change: named(str(change["new"])), "value")
    return box
