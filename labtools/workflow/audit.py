"""Audit what is published, and what is about to be: an attack, and a search for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labtools.errors import AnalysisError, PrivacyError
from labtools.paths import Workbench
from labtools.privacy.attacker import Attack
from labtools.privacy.editions import READ, PublishedEdition, attack_editions
from labtools.privacy.pii import PeopleFinder, PersonFound
from labtools.runs.manifest import NAME as MANIFEST
from labtools.runs.manifest import read_manifest
from labtools.tables.lineage import code_digest, digest_of, sha256_of
from labtools.tables.store import make_folder, read_table, writing
from labtools.workflow.keeping import kept_in

WITHDRAWN = "internal/withdrawn"
#: Beside the interim tables: see `Cleared`.
CLEARED = "cleared.txt"
#: Where the public tables of a run are, or were put when it was withdrawn.
PLACES = ("public", WITHDRAWN)
_PUBLIC_WORDS = {
    "colonias_shown": ("name", "borough"),
    "period": ("municipality", "lab", "contact"),
    "sources": ("title", "publisher"),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found in everything that is published.

    Attributes
    ----------
    editions : tuple of str
        Runs audited together, oldest first.
    cells, exact, narrow : int
        Counts attacked, known exactly, and known to one of two values.
    leaks : pandas.DataFrame
        Those counts: colonia, quarter, group, and the range that is left.
    contradiction : str
        What contradicts what, where figures were not made by the rule declared.
    people : tuple of PersonFound
    """

    editions: tuple[str, ...]
    cells: int
    exact: int
    narrow: int
    leaks: pd.DataFrame
    contradiction: str
    people: tuple[PersonFound, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not (self.exact or self.narrow or self.contradiction or self.people)


def audit(workbench: Workbench, *, public_words: Sequence[str] = ()) -> Audit:
    """Attack all editions of a workbench together, and search their bytes for people.

    Editions that were withdrawn are attacked with the others: who has them, has them.
    """
    runs = published_runs(workbench)
    people = [found for run in runs for found in people_in(run / "public", public_words)]
    editions = [_publication(run).edition() for run in runs]
    try:
        found = attack_editions(editions)
    except AnalysisError as contradiction:
        return _result(editions, None, str(contradiction), people)
    return _result(editions, found, "", people)


def audit_release(
    workbench: Workbench, name: str, folder: Path, inputs: Mapping[str, str]
) -> Audit:
    """Attack an edition about to be released together with all that were.

    What an attack found is kept: the same figures of the same counts are not attacked again.

    Parameters
    ----------
    name : str
        Of its run.
    folder : pathlib.Path
        Its tables, as they are to be released.
    inputs : mapping of str to str
        File of the workbench that it was made from → sha256.

    Raises
    ------
    PrivacyError
        If a count would be known, exactly or nearly.
    """
    earlier = [_publication(run) for run in published_runs(workbench) if run.name != name]
    every = [*earlier, _Publication(name, folder, digest_of(dict(inputs)))]
    telling = _telling(every)

    def attacked() -> dict[str, pd.DataFrame]:
        found = _attacked_before_release(name, telling)
        figures = {"cells": [found.cells], "exact": [found.exact], "narrow": [found.narrow]}
        return {"found": pd.DataFrame(figures)}

    inputs_of = [it.inputs for it in telling]
    made_from = [(it.files(), inputs_of.index(it.inputs)) for it in telling]
    found = kept_in(workbench).take("attack", list(made_from), attacked)["found"].iloc[0]
    names = tuple(it.name for it in every)
    cells, exact, narrow = (int(found[what]) for what in ("cells", "exact", "narrow"))
    return Audit(names, cells, exact, narrow, pd.DataFrame(), "", ())


def _attacked_before_release(name: str, publications: Sequence[_Publication]) -> Audit:
    editions = [it.edition() for it in publications]
    try:
        found = attack_editions(editions)
    except AnalysisError as contradiction:
        raise PrivacyError(
            "The edition {run} contradicts itself or the earlier ones: {reason} Nothing is "
            "released.",
            run=name,
            reason=str(contradiction),
        ) from contradiction
    result = _result(editions, found, "", [])
    if not result.ok:
        raise PrivacyError(
            "With the {n} editions together, {exact} counts would be known exactly and {narrow} "
            "to one of two values; the first is {first}. Nothing is released: publish a coarser "
            "table.",
            n=len(editions),
            exact=result.exact,
            narrow=result.narrow,
            first=_first(result.leaks),
        )
    return result


@dataclass(frozen=True, slots=True)
class _Publication:
    """An edition that was published or is about to be: its name, its tables, what it is made of."""

    name: str
    folder: Path
    inputs: str

    def files(self) -> dict[str, str]:
        """Return the sha256 of the tables that an attack reads."""
        paths = {name: self.folder / f"{name}.parquet" for name in READ}
        return {name: sha256_of(path) for name, path in paths.items() if path.is_file()}

    def edition(self) -> PublishedEdition:
        """Return it with its tables read."""
        older = () if (self.folder / "years.parquet").is_file() else ("years",)
        tables = {name: read_table(name, self.folder) for name in READ if name not in older}
        return PublishedEdition(self.name, tables, self.inputs)


def _publication(run: Path) -> _Publication:
    folder = next(f for place in PLACES if (f := run / place / "tables").is_dir())
    return _Publication(run.name, folder, digest_of(read_manifest(run)["inputs"]))


def _telling(publications: Sequence[_Publication]) -> list[_Publication]:
    """Leave out each that shows the very tables of the one before, and what it was made of.

    Whoever has the one before learns nothing from it; unless a later one was made of the same
    inputs, which then ties that one's figures to these.
    """
    files = [it.files() for it in publications]
    return [
        it
        for n, it in enumerate(publications)
        if not n
        or files[n] != files[n - 1]
        or it.inputs in {later.inputs for later in publications[n + 1 :]}
    ]


def refuse_people(
    public: Path,
    digests: Mapping[str, str],
    public_words: Sequence[str] = (),
    *,
    cleared: Path | None = None,
) -> None:
    """Refuse to publish a folder in which people are found.

    Parameters
    ----------
    digests : mapping of str to str
        File of the folder → sha256: what is searched.
    cleared : pathlib.Path, optional
        File of the digests of bytes in which nobody was found before, by the same finder: the
        same bytes are not searched again.

    Raises
    ------
    PrivacyError
        With the first place and how many; not the person.
    """
    known = Cleared(cleared, public, public_words)
    others = ((name, (public / name).read_bytes()) for name in known.others(digests))
    found = _finder(public, public_words).in_files(others)
    if found:
        raise PrivacyError(
            "Something that points to a person ({what}) is in {file}, line {line} ({n} findings in "
            "all). Nothing is published: take it out of its source, or correct the descriptor "
            "that let it through. What is public by nature is named in [release] of lab.toml.",
            what=found[0].what,
            file=found[0].file,
            line=found[0].line,
            n=len(found),
        )
    known.keep()


class Cleared:
    """Digests of bytes in which one finder of people, with one list of words, found nobody."""

    def __init__(self, file: Path | None, public: Path, public_words: Sequence[str]) -> None:
        words = sorted({*_public_words(public / "tables"), *public_words})
        self._file, self._finder = file, digest_of(code_digest(), words)
        told = file.read_text(encoding="utf-8").split() if file and file.is_file() else []
        self._before = set(told[1:]) if told[:1] == [self._finder] else set()
        self._seen: set[str] = set()

    def others(self, digests: Mapping[str, str]) -> Iterator[str]:
        """Give the files whose bytes are not known to name nobody; `digests` are their sha256."""
        for name, digest in digests.items():
            # What a file is decides how it is read, so its ending is part of what was searched.
            told = digest_of(Path(name).suffix, digest)
            self._seen.add(told)
            if told not in self._before:
                yield name

    def keep(self) -> None:
        """Keep the digests of the files just seen, for the next edition."""
        if self._file:
            make_folder(self._file.parent)
            with writing(self._file) as aside:
                aside.write_text("\n".join([self._finder, *sorted(self._seen)]), encoding="utf-8")


def people_in(public: Path, public_words: Sequence[str] = ()) -> list[PersonFound]:
    """Return the people found in a published folder.

    Names of places and publishers are left aside, and `public_words` of the settings.
    """
    return _finder(public, public_words).in_files(_files(public))


def _finder(public: Path, public_words: Sequence[str]) -> PeopleFinder:
    return PeopleFinder([*_public_words(public / "tables"), *public_words])


def published_runs(workbench: Workbench) -> list[Path]:
    """Return the folders of the runs that were ever published, in order of their names."""
    runs = sorted(workbench.reports.glob("[!.]*/")) if workbench.reports.is_dir() else []
    return [
        run
        for run in runs
        if not run.is_symlink()
        and (run / MANIFEST).is_file()
        and any((run / place / "tables").is_dir() for place in PLACES)
    ]


def _result(
    editions: list[PublishedEdition],
    found: Attack | None,
    contradiction: str,
    people: list[PersonFound],
) -> Audit:
    leaks = found.leaks() if found else pd.DataFrame()
    return Audit(
        tuple(edition.name for edition in editions),
        int(found.confidential.sum()) if found else 0,
        found.exact if found else 0,
        found.narrow if found else 0,
        leaks.reset_index(drop=True),
        contradiction,
        tuple(people),
    )


def _public_words(tables: Path) -> Iterator[str]:
    for name, columns in _PUBLIC_WORDS.items():
        if (tables / f"{name}.parquet").is_file():
            table = pd.read_parquet(tables / f"{name}.parquet", columns=list(columns))
            for column in columns:
                yield from table[column].dropna().unique()


def _files(public: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(public.rglob("*")):
        if path.is_file():
            yield path.relative_to(public).as_posix(), path.read_bytes()


def _first(leaks: pd.DataFrame) -> str:
    told = leaks.iloc[0]
    return f"{told['colonia_id']}, {told['quarter']:%Y-%m}, {told['group']}"
