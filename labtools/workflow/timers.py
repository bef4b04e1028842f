"""What the system needs so that somebody looks at the schedules: a systemd timer, or cron's line.

The timer looks every ten minutes and the diary decides: so retries, late data and a machine that
slept need nothing of the system but that it looks again.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Literal

from labtools.paths import Workbench
from labtools.tables.released import slug
from labtools.tables.store import make_folder, writing

Kind = Literal["systemd", "cron"]
MINUTES = 10

_SERVICE = """\
# Looks once at the schedules of a workbench, and does what is due.
[Unit]
Description=labtools: schedules of {root}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
# The password of the mail server, if it asks for one: LABTOOLS_SMTP_PASSWORD=…
EnvironmentFile=-%h/.config/labtools.env
# 75: somebody is working in the workbench; the next look tries again.
SuccessExitStatus=75
# Each schedule has its own limit (limit_minutes).
TimeoutStartSec=infinity
KillMode=control-group
Nice=10
UMask=0077
NoNewPrivileges=yes
"""
_TIMER = """\
[Unit]
Description=labtools: looks at the schedules of {root} every {minutes} minutes

[Timer]
OnBootSec=2min
OnCalendar=*:0/{minutes}
# A look that the machine slept through is made up for when it wakes.
Persistent=true
AccuracySec=30s

[Install]
WantedBy=timers.target
"""
_CRON = """\
# Looks every {minutes} minutes at the schedules of a workbench, and does what is due.
*/{minutes} * * * * {command}
"""


def write_timers(workbench: Workbench, kind: Kind, folder: Path) -> tuple[Path, ...]:
    """Write the files of a timer into a folder, and return them."""
    make_folder(folder)
    name = f"labtools-{slug(workbench.root.name)}"
    if kind == "cron":
        return (_write(folder / f"{name}.cron", cron_text(workbench)),)
    service, timer = unit_texts(workbench)
    return (
        _write(folder / f"{name}.service", service),
        _write(folder / f"{name}.timer", timer),
    )


def unit_texts(workbench: Workbench) -> tuple[str, str]:
    """Return the service and the timer of a workbench, for ``systemctl --user``."""
    root = str(workbench.root).replace("%", "%%")
    command = " ".join(_unit_quoted(word) for word in _command(workbench))
    return (
        _SERVICE.format(root=root, command=command),
        _TIMER.format(root=root, minutes=MINUTES),
    )


def cron_text(workbench: Workbench) -> str:
    """Return the line of a crontab, where a percent sign would end the command."""
    command = shlex.join(_command(workbench)).replace("%", r"\%")
    return _CRON.format(minutes=MINUTES, command=command)


def _command(workbench: Workbench) -> list[str]:
    where = ["--workbench", str(workbench.root)]
    return [sys.executable, "-m", "labtools", "schedule", "run", *where]


def _unit_quoted(word: str) -> str:
    """Return a word as a unit's command line takes it literally."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'


def _write(path: Path, told: str) -> Path:
    with writing(path) as aside:
        aside.write_text(told, encoding="utf-8")
    return path
