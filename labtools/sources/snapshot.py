"""The supplier's bytes, kept untouched, with checksum, licence and cut date."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from labtools.errors import SourceError
from labtools.sources.descriptor import Descriptor
from labtools.tables.lineage import sha256_of
from labtools.tables.store import make_folder, writing


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One file as its supplier gave it.

    Attributes
    ----------
    source, descriptor : str
        Names of the source in this workbench and of its kind of file.
    file : str
        Name of the file inside its folder.
    sha256 : str
        Checksum of the bytes.
    cutoff : str
        Date on which the supplier cut the data, ISO.
    title, publisher, licence, contact, cadence, sensitivity : str
        As the descriptor says.
    """

    source: str
    descriptor: str
    file: str
    sha256: str
    size: int
    cutoff: str
    title: str
    publisher: str
    licence: str
    contact: str = ""
    cadence: str = ""
    sensitivity: str = "N0"

    @property
    def folder_name(self) -> str:
        """``<cut date>-<first 8 digits of the checksum>``."""
        return f"{self.cutoff}-{self.sha256[:8]}"


def take_snapshot(
    path: Path, raw: Path, *, source: str, cutoff: str, named: str, descriptor: Descriptor
) -> Snapshot:
    """Copy the supplier's file into ``raw/<source>/<cut date>-<sha8>/`` unless it is there.

    Raises
    ------
    SourceError
        If the file does not exist or cannot be read.
    """
    if not path.is_file():
        raise SourceError(
            "The file {path} of the source {source} does not exist. Put it there, or correct "
            "“path” in lab.toml.",
            path=str(path),
            source=source,
        )
    snapshot = Snapshot(
        source=source,
        descriptor=named,
        file=path.name,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        cutoff=cutoff,
        title=descriptor.title,
        publisher=descriptor.publisher,
        licence=descriptor.licence,
        contact=descriptor.contact,
        cadence=descriptor.cadence,
        sensitivity=descriptor.sensitivity,
    )
    make_folder(raw, private=True)
    folder = make_folder(raw / source / snapshot.folder_name, private=True)
    kept = folder / path.name
    if not kept.is_file() or sha256_of(kept) != snapshot.sha256:
        with writing(kept) as aside:
            shutil.copyfile(path, aside)
        kept.chmod(0o400)
    with writing(folder / "snapshot.json") as aside:
        told = json.dumps(asdict(snapshot), indent=1, ensure_ascii=False)
        aside.write_text(told + "\n", encoding="utf-8")
    return snapshot
