"""Working sheets on paper: what an agency is asked, and what a network's meeting looks at.

They are internal: the lab hands them to whom they are for.  Nothing here is released.
"""

from __future__ import annotations

from collections.abc import Sequence

from labtools.messages import language, text
from labtools.publish.printing import printed, section_facts
from labtools.publish.sections import Section


def print_sheet(
    title: str, sections: Sequence[Section], *, kind: str, period: str, lab: str
) -> bytes:
    """Return a sheet as tagged PDF: the same words give the same bytes.

    Parameters
    ----------
    title, kind, period, lab : str
        Whose it is, what it is, the months it speaks of, and who made it.
    """
    tongue, _, region = language().partition("_")
    facts = {
        "title": title,
        "kind": kind,
        "period": period,
        "lab": lab,
        "lang": tongue,
        "region": region or "US",
        "warning": text("For internal use: it may hold true counts. It is not to be published."),
        "sections": [section_facts(section) for section in sections],
    }
    return printed("sheet", facts)
