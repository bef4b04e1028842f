"""Read a CSV file of some gigabytes within bounded memory.

Run by hand: ``python tests/benchmarks/bench_intake.py [gigabytes]``.  Prints seconds and peak
memory; fails where memory passes 2 GiB.
"""

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from labtools.sources.descriptor import FileFormat
from labtools.sources.files import batches

HEADER = "folio,fecha,hora,delito,lon,lat,colonia\n"
ROW = (
    "CI-{at:010},2024-{month:02}-15,08:30:00,ROBO A TRANSEUNTE CON VIOLENCIA,"
    "-100.41{at:06},20.59{at:06},Colonia {at}\n"
)
LIMIT = 2 * 1024**3


def main(gigabytes: float) -> None:
    """Print how long a big file takes, and how much memory."""
    with TemporaryDirectory() as folder:
        path, written = write_file(Path(folder) / "grande.csv", int(gigabytes * 1024**3))
        started = time.perf_counter()
        read = sum(len(batch) for batch in batches(path, FileFormat()))
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(
        f"{gigabytes:.1f} GiB, {read:,} rows in {seconds:.0f} s, peak {peak / 1024**2:,.0f} MiB\n"
    )
    if read != written or peak > LIMIT:
        sys.exit(f"{written:,} rows were written, and memory may not pass {LIMIT:,} bytes")


def write_file(path: Path, size: int) -> tuple[Path, int]:
    """Write about `size` bytes of events and return the file and its rows."""
    block = "".join(ROW.format(at=at, month=at % 12 + 1) for at in range(100_000))
    blocks = max(1, size // len(block))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for _ in range(blocks):
            file.write(block)
    return path, blocks * 100_000


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
