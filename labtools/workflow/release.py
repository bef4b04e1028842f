"""Protect and publish: what may go out goes out whole, once, with a decision on record."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labtools.errors import PrivacyError, TableError
from labtools.messages import text
from labtools.narrative import sentences
from labtools.paths import SETTINGS_FILE
from labtools.privacy.cards import check_carded, expiry_of_sections, read_cards
from labtools.privacy.keys import read_keyring
from labtools.privacy.ledger import LEDGER, check_signed, decide
from labtools.privacy.registry import OPTIONAL
from labtools.privacy.release import check_release, protect_quarters, withheld_colonias
from labtools.privacy.rules import Evidence
from labtools.publish.barriers import (
    RULES,
    can_look,
    grave_barriers,
    pages_of_each_kind,
    seen_in,
)
from labtools.publish.paper import Paper
from labtools.publish.shelf import Shelf
from labtools.publish.site import build_site
from labtools.runs.context import FICHA_FILE
from labtools.runs.manifest import write_manifest
from labtools.runs.plan import FICHAS, ficha_of
from labtools.tables.account import read_accounts
from labtools.tables.contracts import check_table, check_tables
from labtools.tables.lineage import digest_of, sha256_of, sha256_within, trace
from labtools.tables.released import (
    FICHA_TABLES,
    Lines,
    Released,
    bytes_of,
    head_of,
    read_as_lines,
    read_ficha,
    seal_of_lines,
    slug,
)
from labtools.tables.store import hand_on, make_folder, read_table, sync, sync_folder
from labtools.workflow.audit import CLEARED, Audit, audit_release, refuse_people
from labtools.workflow.declared import refuse_unnamed, undeclared_sources
from labtools.workflow.intake import snapshot_of
from labtools.workflow.making import make_edition
from labtools.workflow.notebooks import outcomes_in
from labtools.workflow.prepared import ROUNDING_KEY, Prepared, registry_of
from labtools.workflow.protocols import FOLDER as PROTOCOLS
from labtools.workflow.recording import keep_names_of_earlier
from labtools.workflow.results import series_of
from labtools.workflow.revising import refuse_jumps
from labtools.workflow.slices import PROFILE, ReleasedTable, released_tables
from labtools.workflow.steps import Opened

SETTINGS_OF_RUN = "internal/settings"
_LOOKED_AT = "looked_at"  # below the interim tables: which pages have no grave barrier


def protect(opened: Opened, prepared: Prepared) -> int:
    """Release the public edition: check every table, then write the public folder.

    Returns
    -------
    int
        How many fichas were released.

    Raises
    ------
    PrivacyError
        If a table may not go out, or tells a count together with earlier editions; nothing is
        released then.
    """
    evidence = _evidence(opened)
    city = prepared.folder / "internal" / "city" / "public"
    registry = registry_of(opened)
    tables = {name: read_table(name, city) for name in registry.tables}
    rules = {name: check_release(name, table, evidence, registry) for name, table in tables.items()}
    check_carded(registry.telling_of_people(), read_cards(opened.workbench.reference("cards")))
    tables |= {name: read_table(name, city) for name in sorted(OPTIONAL - tables.keys())}
    told = opened.made.get(prepared.run_id)
    told = told or check_tables(make_edition(opened, prepared, "public"))
    _prove_made_from_protected(tables, {**told, **_counts_anew(opened)})
    found = audit_release(opened.workbench, prepared.run_id, city, _inputs(opened))
    failed = {ficha_of(it.key, "public") for it in outcomes_in(prepared.folder) if not it.ok}
    city_tables = released_tables(tables)
    expires = expiry_of_sections(tables["cards"])
    made = [colonia for colonia in prepared.fichas if colonia not in failed]
    fresh = [_ficha(prepared, colonia, city_tables, expires) for colonia in made]
    fichas = [*fresh, *_of_last_edition(opened, sorted(failed - {""}))]
    public = prepared.folder / "public"
    if public.exists():
        shutil.rmtree(public)
    inputs = [city / f"{name}.parquet" for name in tables]
    lineage = trace("protect", inputs, root=prepared.folder)
    for name, table in tables.items():
        hand_on(name, table, city, public / "tables", lineage=lineage)
    make_folder(public / "fichas")
    for ficha in fichas:
        # Not synced one by one: all of the run is, before it takes its place.
        path = public / "fichas" / f"{slug(ficha.colonia_id)}.json"
        path.write_bytes(bytes_of(ficha))
        opened.heads[sha256_of(path)] = head_of(ficha)
    _record(opened, prepared, rules, found)
    return len(fichas)


def publish(opened: Opened, prepared: Prepared) -> Path:
    """Make the site, write the manifest, and let the new edition take the old one's place.

    Raises
    ------
    TableError
        If `protect` did not release anything yet.
    PrivacyError
        If reviewers have not signed, or people are found in what would be published.
    PrivacyError
        If a page would keep readers out.
    SourceError
        If a publisher's figure jumped between two editions and nobody answered for it.
    SettingsError
        If the municipality has no name yet.
    """
    refuse_unnamed(opened)
    refuse_jumps(opened)
    for said in undeclared_sources(opened):
        opened.tell(f"publish: {said}")
    ledger = opened.workbench.reports / LEDGER
    check_signed(ledger, prepared.run_id, reviewers=opened.settings.release.reviewers)
    interim = opened.workbench.interim
    release_site(opened, prepared, kept=interim("paper"), pages=interim("pages"))
    words, public = opened.settings.release.public_words, prepared.folder / "public"
    digests = sha256_within(public)
    refuse_people(public, digests, words, cleared=interim(CLEARED))
    refuse_barriers(opened, public / "site")
    write_manifest(
        prepared.folder,
        inputs=_inputs(opened),
        outputs={f"{public.name}/{name}": digest for name, digest in digests.items()},
        accounts=read_accounts(opened.workbench.accounts),
        outcomes=outcomes_in(prepared.folder),
        facts={
            "run_id": prepared.run_id,
            "period_end": prepared.window.last_month,
            "seed": opened.settings.lab.seed,
            "fichas": len(prepared.fichas),
            "snapshots": _snapshots(opened),
            "settings": digest_of(opened.settings.of_content()),
        },
    )
    keep_settings(opened, prepared.folder / SETTINGS_OF_RUN)
    keep_names_of_earlier(opened.workbench, prepared.name, prepared.folder / SETTINGS_OF_RUN)
    _open_what_is_public(prepared.folder)
    final = opened.workbench.run(prepared.run_id)
    sync_folder(prepared.folder)
    if final.exists():  # the same run, made again by the single verbs
        final.replace(opened.workbench.reports / f".{prepared.run_id}.earlier.partial")
    prepared.folder.replace(final)
    point_to(opened.workbench.reports, prepared.run_id)
    clear_unfinished(opened.workbench.reports)
    return final


def refuse_barriers(opened: Opened, site: Path) -> None:
    """Refuse a site with a page that keeps readers out, where pages can be looked at.

    A page that was looked at for an earlier edition is not looked at again: all of it but the
    figures in its words, its styles and the rules are the same.

    Raises
    ------
    PrivacyError
        With the first barrier, and how many there are.
    """
    if opened.settings.publish.barriers == "ignore":
        return
    if not can_look():
        opened.tell(
            text(
                "publish: pages were not examined for barriers to readers, as Chromium or axe-core "
                "is not here (pip install 'labtools[access]')"
            )
        )
        return
    seen = Shelf(opened.workbench.interim(_LOOKED_AT), version("axe-playwright-python"), RULES)
    styles = sha256_within(site / "assets")
    pages = {page: seen_in((site / page).read_bytes()) for page in pages_of_each_kind(site)}
    unseen = [page for page, made_of in pages.items() if not seen.has(made_of, styles)]
    found = grave_barriers(site, unseen) if unseen else ()
    if found:
        raise PrivacyError(
            "The page {page} keeps readers out: {why} ({rule}, at {where}; {n} barriers in all). "
            'Nothing is published. Mend the page, or write barriers = "ignore" under [publish] in '
            "lab.toml and say why in the run's record.",
            page=found[0].page,
            why=found[0].why,
            rule=found[0].rule,
            where=found[0].where,
            n=len(found),
        )
    for made_of in pages.values():
        seen.take(lambda: b"no grave barrier", made_of, styles)
    seen.clear()


def _open_what_is_public(run: Path) -> None:
    """Let other accounts into a run, which was closed while it was made, and shut all else."""
    for path in run.iterdir():
        if path.name != "public":
            path.chmod(0o700 if path.is_dir() else 0o600)
    run.chmod(0o755)


def clear_unfinished(reports: Path) -> None:
    """Remove what interrupted runs left: the edition in place is whole."""
    for unfinished in reports.glob(".*.partial"):
        shutil.rmtree(unfinished, ignore_errors=True)


def release_site(
    opened: Opened, prepared: Prepared, *, kept: Path | None = None, pages: Path | None = None
) -> None:
    """Make the site of a run from what `protect` released.

    Parameters
    ----------
    kept : pathlib.Path, optional
        Where printed fichas are kept from one edition to the next; without it all are printed.
    pages : pathlib.Path, optional
        Where pages are kept in the same way.

    Raises
    ------
    TableError
        If it did not release anything yet.
    """
    public = prepared.folder / "public"
    if not (public / "fichas").is_dir():
        raise TableError(
            "Nothing of the run {run} was released yet. Run “labtools protect” first.",
            run=prepared.run_id,
        )
    site = public / "site"
    if site.exists():
        shutil.rmtree(site)
    how = opened.settings.publish
    paper = Paper(how.paper, how.address, kept)
    build_site(public, site, tell=sentences, paper=paper, kept=pages, heads=opened.heads)


def keep_settings(opened: Opened, folder: Path) -> None:
    """Keep, with a run, the settings that it was made with."""
    make_folder(folder)
    shutil.copyfile(opened.workbench.settings_file, folder / SETTINGS_FILE)
    for name in ("sources", "reference"):
        own = opened.workbench.root / "data" / name
        if own.is_dir():
            shutil.copytree(own, folder / name, dirs_exist_ok=True)
    plans = opened.workbench.root / PROTOCOLS
    if plans.is_dir():
        shutil.copytree(plans, folder / PROTOCOLS, dirs_exist_ok=True)


def point_to(reports: Path, run_id: str) -> None:
    """Make ``latest`` name a run, in one step: a reader sees the old edition or the new one."""
    aside = reports / ".latest"
    aside.unlink(missing_ok=True)
    aside.symlink_to(run_id)
    aside.replace(reports / "latest")
    sync(reports)


def _evidence(opened: Opened) -> Evidence:
    colonias = read_table("colonias", opened.workbench.processed)
    rules = opened.settings.disclosure
    return Evidence(withheld_colonias(colonias, rules), rules)


def _counts_anew(opened: Opened) -> dict[str, pd.DataFrame]:
    """Return the counts that all else is made of, rounded anew: they are never kept ones."""
    quarters, colonias = (
        read_table(name, opened.workbench.processed) for name in ("quarters", "colonias")
    )
    withheld = withheld_colonias(colonias, opened.settings.disclosure)
    key = read_keyring(opened.workbench.secrets, ROUNDING_KEY)
    series = series_of(protect_quarters(quarters, withheld, key=key), colonias)
    return {"series": check_table("series", series)}


def _prove_made_from_protected(
    tables: Mapping[str, pd.DataFrame], anew: Mapping[str, pd.DataFrame]
) -> None:
    """Compare each table with the one that the protected counts give."""
    for name, table in tables.items():
        wrong = _differing(table, anew[name].reset_index(drop=True))
        if len(wrong):
            raise PrivacyError(
                "The table {table} is not what the protected counts give ({n} rows differ; the "
                "first is {first}). It was changed after it was made: run “labtools analyse” "
                "again.",
                table=name,
                n=len(wrong),
                first=", ".join(str(value) for value in wrong.iloc[0].iloc[:3]),
            )


def _differing(table: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    if len(table) != len(expected):
        return table if len(table) else expected
    differs = table.ne(expected) & ~(table.isna() & expected.isna())
    return pd.DataFrame(table[differs.any(axis=1)])


def _ficha(
    prepared: Prepared,
    colonia_id: str,
    city: Mapping[str, ReleasedTable],
    expires: Mapping[str, str],
) -> Released:
    """Return the slices of the released tables that a ficha's notebook saved, and nothing else."""
    outputs = prepared.folder / "internal" / "outputs" / FICHAS
    saved = read_as_lines(outputs / slug(colonia_id) / "public" / FICHA_FILE)
    every: Mapping[str, Lines] = saved.lines or {}
    lines: dict[str, Lines] = {}
    for name in (*FICHA_TABLES, PROFILE):
        if name not in every:
            raise TableError(
                "The ficha of {colonia} has no table {table}: its notebook did not save it with "
                'audience="public".',
                colonia=colonia_id,
                table=name,
            )
        city[name].prove(colonia_id, every[name])
        lines[name] = every[name]
    seal = saved.seal if lines.keys() == every.keys() else seal_of_lines(lines)
    return Released(colonia_id, MappingProxyType({}), seal, expires=expires, lines=lines)


def _of_last_edition(opened: Opened, colonias: Sequence[str]) -> list[Released]:
    """Return the fichas that could not be made anew, as last released, and marked so."""
    folder = opened.workbench.latest / "public" / "fichas"
    kept = [folder / f"{slug(colonia)}.json" for colonia in colonias]
    return [replace(read_ficha(path), outdated=True) for path in kept if path.is_file()]


def _record(opened: Opened, prepared: Prepared, rules: Mapping[str, str], found: Audit) -> None:
    """Add the release decision to the ledger of this workbench."""
    tables = prepared.folder / "public" / "tables"
    colonias = read_table("colonias", opened.workbench.processed)
    facts = {
        "period": [f"{prepared.window.start:%Y-%m}", prepared.window.last_month],
        "population": round(float(colonias["population"].sum())),
        "earlier": [name for name in found.editions if name != prepared.run_id],
        "audit": {"counts": found.cells, "exact": found.exact, "narrow": found.narrow},
        "reviewers": list(opened.settings.release.reviewers),
        "tables": {
            name: {"rule": rule, "sha256": sha256_of(tables / f"{name}.parquet")}
            for name, rule in rules.items()
        },
    }
    ledger = opened.workbench.reports / LEDGER
    decide(ledger, prepared.run_id, facts, by=getpass.getuser())


def _snapshots(opened: Opened) -> dict[str, str]:
    return {source.name: snapshot_of(opened, source)[1].parent.name for source in opened.files()}


def _inputs(opened: Opened) -> dict[str, str]:
    raw = opened.workbench.raw
    folder = raw.relative_to(opened.workbench.root).as_posix()
    return {f"{folder}/{name}": digest for name, digest in sha256_within(raw).items()}
