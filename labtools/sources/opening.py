"""Limits before reading: nothing is unpacked that could fill the memory or leave its folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from labtools.errors import SourceError

#: A text file may expand this often; SESNSP's most repetitive table expands 65 times.
MAXIMUM_RATIO = 250
#: What expands to less is harmless, however often it expands.
HARMLESS_BYTES = 64 * 1024**2
#: The parts of a workbook, or the files of a shapefile, together.
MAXIMUM_ARCHIVE_BYTES = 512 * 1024**2
MAXIMUM_MEMBERS = 1_000

_STEP = 4 * 1024**2


def check_archive(path: Path, content: bytes | None = None) -> None:
    """Refuse a ZIP file (a workbook is one) that would expand too far or leave its folder.

    The members are expanded piece by piece and counted: what a ZIP says of itself may be false.

    Raises
    ------
    SourceError
        If it expands beyond the limits, has too many members, or names one outside its folder.
    zipfile.BadZipFile
        If it is no ZIP file.
    """
    packed = len(content) if content is not None else path.stat().st_size
    total = 0
    with zipfile.ZipFile(io.BytesIO(content) if content is not None else path) as archive:
        members = archive.infolist()
        _refuse_many(path, len(members))
        for member in members:
            refuse_escape(path, member.filename)
            with archive.open(member) as stream:
                while piece := stream.read(_STEP):
                    total += len(piece)
                    refuse_expansion(path, packed, total, MAXIMUM_ARCHIVE_BYTES)


def refuse_size(path: Path) -> None:
    """Refuse a file that is read whole, and is larger than such files are.

    Raises
    ------
    SourceError
        If it is larger than what an archive may expand to.
    """
    size = path.stat().st_size
    if size > MAXIMUM_ARCHIVE_BYTES:
        raise SourceError(
            "{path} has {size} bytes and was not read: files of this kind are read whole, up to "
            "{limit} bytes. Ask the supplier for it in parts.",
            path=path.name,
            size=size,
            limit=MAXIMUM_ARCHIVE_BYTES,
        )


def refuse_expansion(path: Path, packed: int, expanded: int, limit: int) -> None:
    """Refuse to go on expanding a file beyond its limits.

    Raises
    ------
    SourceError
        If `expanded` is more than `limit`, or far more than `packed` explains.
    """
    if expanded > limit:
        raise SourceError(
            "{path} expands to more than {limit} bytes and was not read. Ask the supplier for "
            "it in parts.",
            path=path.name,
            limit=limit,
        )
    if expanded > HARMLESS_BYTES and expanded > packed * MAXIMUM_RATIO:
        raise SourceError(
            "{path} was not read: its {packed} bytes expand to more than {ratio} times as many, "
            "as no table does. Ask the supplier for the table without compression.",
            path=path.name,
            packed=packed,
            ratio=MAXIMUM_RATIO,
        )


def refuse_escape(path: Path, member: str) -> None:
    """Refuse a member whose name leads out of the archive's own folder.

    Raises
    ------
    SourceError
        If the name is absolute, or climbs.
    """
    parts = PurePosixPath(member.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise SourceError(
            "{path} holds “{member}”, a name that leads out of its folder, and was not opened. Ask "
            "the supplier who made the file.",
            path=path.name,
            member=member,
        )


def counted(path: Path, stream: IO[bytes], packed: int, limit: int) -> bytes:
    """Return what is in an opened file, within the limits.

    Raises
    ------
    SourceError
        If there is more.
    """
    pieces, total = [], 0
    while piece := stream.read(_STEP):
        total += len(piece)
        refuse_expansion(path, packed, total, limit)
        pieces.append(piece)
    return b"".join(pieces)


def _refuse_many(path: Path, members: int) -> None:
    if members > MAXIMUM_MEMBERS:
        raise SourceError(
            "{path} holds {n} files and at most {limit} are opened. Take the right one out.",
            path=path.name,
            n=members,
            limit=MAXIMUM_MEMBERS,
        )
