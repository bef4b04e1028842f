"""Figures of the benchmarks, kept in one file: each script writes its own keys only."""

import json
from pathlib import Path

LATEST = Path(__file__).resolve().parents[2] / "reports" / "bench" / "latest.json"
#: What `bench_scale` measures, by size of the register.
SCALE = LATEST.with_name("scale.json")


def record(**figures: float) -> None:
    """Put `figures` in ``reports/bench/latest.json`` beside those of the other scripts."""
    told = json.loads(LATEST.read_text(encoding="utf-8")) if LATEST.is_file() else {}
    told.update({name: round(float(figure), 3) for name, figure in figures.items()})
    LATEST.parent.mkdir(parents=True, exist_ok=True)
    LATEST.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
