"""Figures that a cell left open: drawn once for the reader, where once is enough.

After each cell IPython hears two listeners: matplotlib's own, which draws every open figure, for
windows that there are none of; then that of the notebook's backend, which draws it again for the
reader and closes it.  The first drawing is a third of what figures cost, and nobody sees it.
"""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_BACKEND = "matplotlib_inline.backend_inline"
_FOR_WINDOWS = ("matplotlib.pyplot", "_draw_all_if_interactive")


def listen(shell: InteractiveShell) -> None:
    """Have the figures that a cell leaves shown as soon as it ends.  Call it on a new shell."""
    shell.events.register("post_execute", _show_now)


def _show_now() -> None:
    """Show and close the open figures before matplotlib draws them for windows.

    Only where a reader sees the same: the figures are closed once shown, their lay-out does not
    depend on how often they are drawn, and nobody else listens to the drawing or is heard before.
    """
    inline = sys.modules.get(_BACKEND)
    if inline is None or not inline.show._draw_called:  # noqa: SLF001 - as the backend does
        return
    listeners = InteractiveShell.instance().events.callbacks["post_execute"]
    if inline.flush_figures not in listeners or not inline.InlineBackend.instance().close_figures:
        return
    between = listeners[listeners.index(_show_now) + 1 : listeners.index(inline.flush_figures)]
    figures = [manager.canvas.figure for manager in inline.Gcf.get_all_fig_managers()]
    if all(map(_is_for_windows, between)) and all(map(_looks_alike_when_drawn_again, figures)):
        inline.flush_figures()


def _is_for_windows(listener: Any) -> bool:
    name = (getattr(listener, "__module__", ""), getattr(listener, "__name__", ""))
    return name == _FOR_WINDOWS


def _looks_alike_when_drawn_again(figure: Any) -> bool:
    heard = figure.canvas.callbacks.callbacks.get("draw_event")
    return figure.get_layout_engine() is None and not heard
