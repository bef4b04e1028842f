"""The figures of ``ESCALA.md``, written from ``reports/bench/scale.json``.

``python -m tests.benchmarks.scale_page`` writes them anew between the marks of the page, after
``bench_scale`` was run; a test compares the two.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from tests.benchmarks.record import LATEST, SCALE

PAGE = SCALE.parents[2] / "ESCALA.md"
#: Colonias of the page: the demo's fichas, a city's, a state's (Querétaro) and the country's.
ASKED = (208, 400, 2_738, 74_226)
#: Runs that the country may be made in: one for each state.
STATES = 32
_BLOCK = re.compile(r"(<!-- scale\.json: (\w+) -->\n)(.*?)(<!-- / -->)", re.DOTALL)

#: Stages in the order of a run: how a reader calls them, and whether workers share them.
STAGES = {
    "tables read once": ("leer las tablas de la ciudad", False),
    "plan, all new": ("planear, todo nuevo", False),
    "notebooks, public, each": ("cuaderno de la edición pública", True),
    "notebooks, internal, each": ("cuaderno de la edición interna", True),
    "digests": ("sumas de verificación de lo leído", False),
    "plan, all stand": ("planear, nada cambió", False),
    "release, each": ("liberar una ficha", False),
    "gate": ("aduana de cada tabla", False),
    "attacker": ("atacar la edición", False),
    "fichas read for the site": ("leer las fichas para el sitio", False),
    "pages, each": ("páginas, en dos idiomas", False),
    "paper, each": ("papel y tarjeta, en español", False),
    "manifest": ("manifiesto", False),
}
#: What a run without changes does in place of the rest: not part of making all anew.
_ONLY_UNCHANGED = "plan, all stand"

Told = Mapping[str, Any]


def seconds_of(stages: Told, stage: str, n: int) -> float:
    """Return the processor seconds of a stage for a whole register of `n` colonias."""
    used = stages[stage]
    if stage.endswith("each"):
        return float(n * used["cpu_s"] + max(used["once_cpu_s"], 0))
    return float(used["cpu_s"])


def at(points: Mapping[int, float], n: int) -> float:
    """Return what `n` colonias take, from what was measured at some sizes.

    Between two sizes by a power of the size that meets both; below the least one in proportion.
    Beyond the greatest one by the power of the last two, or in proportion where that is more: what
    was not measured is not hoped to be cheaper.
    """
    sizes = sorted(points)
    if n <= sizes[0]:
        return points[sizes[0]] * n / sizes[0]
    for low, high in pairwise(sizes):
        power = math.log(points[high] / points[low]) / math.log(high / low)
        if n <= high:
            return points[low] * (n / low) ** power
    return points[sizes[-1]] * (n / sizes[-1]) ** max(1.0, power)


def held(points: Mapping[int, float], n: int) -> float:
    """Return the memory that `n` colonias take, from what was measured at some sizes.

    A straight line between two sizes, and the last one drawn on beyond the greatest: a process
    holds something before the first colonia.  Below the least size, what that one takes.
    """
    sizes = sorted(points)
    told = points[sizes[0]]
    for low, high in pairwise(sizes):
        if n > low:
            told = points[low] + (points[high] - points[low]) * (n - low) / (high - low)
    return told


def planned(told: Told, n: int) -> dict[str, float]:
    """Return what an edition of `n` colonias takes, all new: processor hours, memory, disk."""
    sizes = {int(size): one["stages"] for size, one in told["sizes"].items()}

    def hours(stage: str) -> float:
        found = {size: seconds_of(it, stage, size) for size, it in sizes.items() if stage in it}
        return at(found, n) / 3600

    def memory(stage: str) -> float:
        return held({size: it[stage]["mb"] for size, it in sizes.items() if stage in it}, n)

    new = [stage for stage in STAGES if stage != _ONLY_UNCHANGED]
    shared = [stage for stage in new if STAGES[stage][1]]
    alone = [stage for stage in new if not STAGES[stage][1]]
    return {
        "shared_h": sum(map(hours, shared)),
        "alone_h": sum(map(hours, alone)),
        "worker_gib": max(map(memory, shared)) / 1024,
        "alone_gib": max(map(memory, alone)) / 1024,
        "disk_gib": (n * told["disk"]["mb_each"] + told["disk"]["mb_rest"]) / 1024,
    }


def measured_on(told: Told) -> str:
    """Say where and when the figures were measured."""
    lines = []
    for size, one in sorted(told["sizes"].items(), key=lambda item: int(item[0])):
        for on in one["on"]:
            names = [name for key, (name, _) in STAGES.items() if key in on["stages"]]
            which = "todas las etapas" if len(names) == len(STAGES) else "; ".join(names)
            lines.append(
                f"- {_n(int(size))} colonias: {on['measured']}, {on['processors']} procesadores, "
                f"{on['memory_gib']:.0f} GiB de memoria, Python {on['python']}, carga {on['load']} "
                f"al terminar, código `{on['code']}` ({which})."
            )
    return "\n".join(lines) + "\n"


def stages_table(told: Told) -> str:
    """Return what each stage takes for a colonia and at most holds, by size of the register."""
    sizes = sorted(int(size) for size in told["sizes"])
    heads = " | ".join(_n(size) for size in sizes)
    rows = [f"| etapa | {heads} |", "|---|" + "---:|" * len(sizes)]
    for stage, (name, _) in STAGES.items():
        cells = []
        for size in sizes:
            stages = told["sizes"][str(size)]["stages"]
            if stage not in stages:
                cells.append("no se midió")
                continue
            each = 1000 * seconds_of(stages, stage, size) / size
            cells.append(f"{each:.2f} ms; {stages[stage]['mb']:,.0f} MiB")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def plan_table(told: Told) -> str:
    """Return what four sizes of register take."""
    whole = [int(size) for size, one in told["sizes"].items() if len(one["stages"]) == len(STAGES)]
    least, greatest = min(whole), max(whole)
    rows = [
        (
            "| colonias | cifras | cuadernos, horas de procesador | "
            "lo demás, horas de un procesador | todo con 2 procesadores | con 16 | "
            "memoria de un trabajador | memoria de lo demás | disco de una edición |"
        ),
        "|---:|---|" + "---:|" * 7,
    ]
    runs = [(n, 1) for n in ASKED] + [(math.ceil(ASKED[-1] / STATES), STATES)]
    for n, times in runs:
        it = planned(told, n)
        it.update({name: times * it[name] for name in ("shared_h", "alone_h", "disk_gib")})
        way = "extrapoladas" if n > greatest else "interpoladas"
        way = "en proporción" if n < least else way
        clocks = [_hours(it["alone_h"] + it["shared_h"] / workers) for workers in (2, 16)]
        rows.append(
            f"| {f'{times} × ' if times > 1 else ''}{_n(n)} | {way} | {it['shared_h']:.2f} | "
            f"{it['alone_h']:.2f} | {clocks[0]} | {clocks[1]} | {it['worker_gib']:.1f} GiB | "
            f"{it['alone_gib']:.1f} GiB | {it['disk_gib']:.1f} GiB |"
        )
    return "\n".join(rows) + "\n"


def workers_table(told: Told) -> str:
    """Return fichas per minute by number of workers."""
    found = told["workers"]
    rows = [
        (
            "| trabajadores | fichas por minuto (la de en medio) | repeticiones | "
            "procesador por ficha, todo incluido | carga al terminar |"
        ),
        "|---:|---:|---|---:|---:|",
    ]
    for workers in ("1", "2", "4"):
        one = found[workers]
        each = ", ".join(f"{it:.0f}" for it in one["repeats"])
        rows.append(
            f"| {workers} | {one['per_minute']:.0f} | {each} | {one['cpu_s_each']:.3f} s | "
            f"{one['load_after']:.1f} |"
        )
    on = found["on"]
    rows += [
        "",
        (
            f"{found['fichas']} fichas públicas de un padrón de {_n(found['register'])} colonias, "
            f"{len(one['repeats'])} veces, con los trabajadores ya tibios; una máquina de "
            f"**{on['processors']} procesadores**, {on['measured']}."
        ),
    ]
    return "\n".join(rows) + "\n"


def models_table(told: Told) -> str:
    """Return what the city's models take by number of areas."""
    sizes = sorted(int(size) for size in told["models"])
    names = {
        "BYM2, a year": "mapa de riesgo de un año (BYM2)",
        "space and time": "riesgo por mes, cinco años",
        "scan": "barrido espacial, 999 réplicas",
    }
    heads = " | ".join(_n(size) for size in sizes)
    rows = [f"| modelo | {heads} |", "|---|" + "---:|" * len(sizes)]
    for key, name in names.items():
        used = [told["models"][str(size)]["stages"][key] for size in sizes]
        cells = (f"{it['cpu_s']:.1f} s; {it['mb']:,.0f} MiB" for it in used)
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def whole_run(told: Told) -> str:
    """Say what a whole run of the demo took, and how much of it the plan explains."""
    used = json.loads(LATEST.read_text(encoding="utf-8"))["whole_run_cpu_s"]
    least = min(map(int, told["sizes"]))
    it = planned(told, least)
    explained = 3600 * (it["shared_h"] + it["alone_h"])
    return (
        f"La corrida entera del municipio inventado, con ficha para cada colonia, tomó {used:.0f} "
        f"s de procesador (`reports/bench/latest.json`, en otra fecha). De esos, la tabla cuenta "
        f"{explained:.0f} s para {_n(least)} colonias; el resto es lo que va antes.\n"
    )


BLOCKS: dict[str, Callable[[Told], str]] = {
    "machine": measured_on,
    "stages": stages_table,
    "plan": plan_table,
    "workers": workers_table,
    "models": models_table,
    "whole": whole_run,
}


def filled(page: str, told: Told) -> str:
    """Return the page with its figures as they were measured."""
    return _BLOCK.sub(lambda it: f"{it[1]}{BLOCKS[it[2]](told)}{it[4]}", page)


def outside(page: str) -> str:
    """Return the page without its figures: the words that somebody wrote."""
    return _BLOCK.sub("", page)


def _n(number: int) -> str:
    return f"{number:,}"


def _hours(hours: float) -> str:
    return f"{60 * hours:.0f} min" if hours < 1.5 else f"{hours:.1f} h"


def main() -> None:
    """Write the figures of the page anew."""
    told = json.loads(SCALE.read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), told), encoding="utf-8")


if __name__ == "__main__":
    main()
