"""The public site of one released edition: written whole, or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from labtools.charts.ground import ground_of
from labtools.errors import SettingsError, TableError
from labtools.publish.contents import (
    Edition,
    Tell,
    colonias_listed,
    on_shelf,
    site_files,
)
from labtools.publish.open_data import ENDINGS, HOLDS, file_of
from labtools.publish.pages import ASSETS
from labtools.publish.paper import PLAIN, Paper
from labtools.publish.shelf import Shelf
from labtools.tables.lineage import sha256_of
from labtools.tables.released import Released, read_fichas, read_heads, slug
from labtools.tables.store import read_table

_MARK = Path("assets", "search.js")


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What was written.

    Attributes
    ----------
    folder : pathlib.Path
        The site; open its ``index.html``.
    fichas, pages : int
        Colonias with a page, and pages in all languages.
    heaviest : int
        Bytes of the heaviest page.
    """

    folder: Path
    fichas: int
    pages: int
    heaviest: int


def without_sentences(_released: Released) -> Mapping[str, Sequence[str]]:
    """Tell nothing: figures and tables stand alone."""
    return {}


def build_site(
    public: Path,
    site: Path,
    *,
    tell: Tell = without_sentences,
    paper: Paper = PLAIN,
    kept: Path | None = None,
    heads: Mapping[str, Released] = MappingProxyType({}),
) -> SiteReport:
    """Write the site of a released edition, in every language; same edition, same bytes.

    The site is made beside `site` and takes its place at the end: nothing of an earlier
    edition is left, and a failure leaves the earlier site as it was.

    Parameters
    ----------
    public : pathlib.Path
        The ``public`` folder of a run.
    site : pathlib.Path
        Folder of the site; an earlier site there is replaced.
    tell : callable
        Narrates a ficha by section, in the language in force.
    paper : Paper, optional
        Which fichas are also printed; none unless told.
    kept : pathlib.Path, optional
        Folder of pages made for earlier editions: those of a ficha that did not change are
        taken from there.  Without it, all are made.
    heads : mapping of str to Released, optional
        Of fichas that were written a moment ago: see `read_heads`.

    Raises
    ------
    TableError
        If a released table or a ficha is absent or breaks its contract.
    SettingsError
        If `site` holds something that is not a site.
    """
    _check_place(site)
    edition = _read(public, tell, paper, kept, heads)
    site.parent.mkdir(parents=True, exist_ok=True)
    for interrupted in site.parent.glob(f".{site.name}-*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{site.name}-", dir=site.parent))
    try:
        sizes = {place: made.put(aside / place) for place, made in site_files(edition)}
        _write_files(aside, edition)
        _put(aside, site)
        edition.shelf.clear()
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    pages = [size for place, size in sizes.items() if place.endswith(".html")]
    return SiteReport(site, len(edition.fichas), len(pages), max(pages))


def _check_place(site: Path) -> None:
    if site.is_dir() and any(site.iterdir()) and not (site / _MARK).is_file():
        raise SettingsError(
            "The folder {path} holds files that are not a site made here, and a new site would "
            "replace them. Choose an empty folder.",
            path=str(site),
        )


def _read(
    public: Path, tell: Tell, paper: Paper, kept: Path | None, heads: Mapping[str, Released]
) -> Edition:
    tables = {name: read_table(name, public / "tables") for name in HOLDS}
    files = sorted((public / "fichas").glob("*.json"))
    if not files:
        raise TableError(
            "The released folder {folder} holds no ficha. Release them first: “labtools run”.",
            folder=str(public),
        )
    ground = sha256_of(public / "tables" / "colonias_shown.parquet")
    narrator = f"{tell.__module__}.{tell.__qualname__}"
    shelf = Shelf(kept, ground, narrator, paper.languages, paper.address)
    told = {name: sha256_of(public / "tables" / f"{name}.parquet") for name in tables}
    edition = Edition(
        tables,
        (),
        ground_of(tables["colonias_shown"]),
        tell,
        paper,
        shelf,
        lambda name: told.get(name, ""),
    )
    fichas = read_heads(files, heads)
    _check_slugs(fichas)
    kept_in = {ficha.colonia_id: path for ficha, path in zip(fichas, files, strict=True)}

    def whole(lot: Sequence[Released]) -> Sequence[Released]:
        wanted = [ficha for ficha in lot if not on_shelf(edition, ficha)]
        read = read_fichas([kept_in[ficha.colonia_id] for ficha in wanted])
        whole_of = dict(zip([ficha.colonia_id for ficha in wanted], read, strict=True))
        return [whole_of.get(ficha.colonia_id, ficha) for ficha in lot]

    return replace(edition, fichas=fichas, whole=whole)


def _check_slugs(fichas: Sequence[Released]) -> None:
    times = Counter(slug(ficha.colonia_id) for ficha in fichas)
    file, n = times.most_common(1)[0]
    if n > 1:
        keys = tuple(ficha.colonia_id for ficha in fichas if slug(ficha.colonia_id) == file)
        raise TableError(
            "The colonias {keys} would share the page {file}.html. Give them keys that differ in "
            "more than capital letters or signs.",
            keys=keys,
            file=file,
        )


def _write_files(folder: Path, edition: Edition) -> None:
    assets, data = folder / "assets", folder / "data"
    assets.mkdir()
    data.mkdir()
    for name in ("style.css", "search.js", "expiry.js"):
        shutil.copyfile(ASSETS / name, assets / name)
    (assets / "index.js").write_bytes(_index(edition).encode())
    for name in HOLDS:
        for ending in ENDINGS:
            make = partial(file_of, name=name, ending=ending)
            made = edition.shelf.follow(make, edition.tables, edition.digest, "data", name, ending)
            made.put(data / f"{name}.{ending}")


def _index(edition: Edition) -> str:
    """Return the search's colonias as a script: a page opened from a disk cannot fetch data."""
    listed = json.dumps(colonias_listed(edition), separators=(",", ":"))
    return f"window.COLONIAS={listed};\n"


def _put(aside: Path, site: Path) -> None:
    aside.chmod(0o755)
    if not site.exists():
        aside.replace(site)
        return
    earlier = Path(tempfile.mkdtemp(prefix=f".{site.name}-earlier-", dir=site.parent))
    site.replace(earlier / "site")
    aside.replace(site)
    shutil.rmtree(earlier)
