"""Papermill's door to this room: ``papermill --engine labtools``.

Papermill loads this module while it is itself being imported, so nothing of Papermill
can be imported here until an engine is asked for.
"""

from __future__ import annotations

import logging
import os
from typing import Any

logger = logging.getLogger(__name__)


class WarmEngine:
    """Engine that runs a notebook's cells in one forked child, without a kernel process.

    Papermill asks an engine for these three methods and for no base class.  Where a
    process cannot be forked safely (no ``os.fork``, or inside a running kernel, which
    has threads), the stock engine does the work and a log line says so.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        **options: Any,
    ) -> Any:
        """Execute `nb` and return it with its outputs."""
        from papermill.engines import NBClientEngine  # noqa: PLC0415 - see the module's docstring

        from labtools.runs.forked import ForkedEngine  # noqa: PLC0415 - as above

        if _may_fork():
            return ForkedEngine.execute_notebook(nb, kernel_name, **options)
        logger.warning("This process cannot be forked safely; the stock kernel runs the notebook.")
        return NBClientEngine.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel that the notebook asks for."""
        from papermill.utils import nb_kernel_name  # noqa: PLC0415 - as above

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language of the notebook."""
        from papermill.utils import nb_language  # noqa: PLC0415 - as above

        return str(nb_language(nb, language))


def _may_fork() -> bool:
    from IPython.core.interactiveshell import (  # noqa: PLC0415 - as above
        InteractiveShell,
    )

    return hasattr(os, "fork") and not InteractiveShell.initialized()
