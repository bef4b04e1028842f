"""Locate and classify: where each event was, and what kind of event."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.classify.crosswalk import Crosswalk, classify_subjects, load_crosswalk
from labtools.classify.unnamed import code_unnamed
from labtools.errors import TableError
from labtools.messages import plural, say, text
from labtools.places.assign import locate_events
from labtools.places.interpolate import interpolate_counts
from labtools.places.interpolation_error import interpolation_errors, spread_of_density
from labtools.settings import REGISTER, Source
from labtools.sources.descriptor import Descriptor, Indicator
from labtools.tables import vocabulary as words
from labtools.tables.account import Account
from labtools.tables.contracts import empty_table
from labtools.tables.lineage import Lineage, trace
from labtools.tables.store import make_folder, read_table, write_table
from labtools.workflow.aliases import known_aliases
from labtools.workflow.by_ageb import told_by_ageb
from labtools.workflow.decisions import clean_files, stacked
from labtools.workflow.factors import QUEUE, narrative_files, read_narratives
from labtools.workflow.intake import cleaned_files
from labtools.workflow.steps import Opened, account_file, done, recall, sign
from labtools.workflow.surroundings import (
    SURROUNDINGS,
    locate_establishments,
    surrounding_indicators,
)

#: Of so many events, this share at most may be of subjects that nobody knows.
_MANY, _MOST = 50, 0.9


def locate(opened: Opened) -> tuple[Account, ...]:
    """Give every event its colonia, and every colonia its census figures."""
    make_folder(opened.workbench.interim("located"), private=True)
    accounts = [_locate_census(opened)]
    accounts += [locate_establishments(opened, it) for it in opened.of_kind("establishments")]
    accounts += [_locate_source(opened, source) for source in opened.of_kind("events")]
    return tuple(accounts)


def classify(opened: Opened) -> tuple[Account, ...]:
    """Give every event and every official count its crime code and group."""
    make_folder(opened.workbench.interim("classified"), private=True)
    accounts = [_classify_events(opened, source) for source in opened.of_kind("events")]
    official = opened.of_kind("municipal_incidence", "state_victims")
    accounts += [_classify_counts(opened, source) for source in official]
    return tuple(accounts)


def _locate_source(opened: Opened, source: Source) -> Account:
    clean, located = opened.workbench.interim("clean"), opened.workbench.interim("located")
    inputs = [clean / f"{source.name}.events.parquet", located / "colonias.parquet"]
    inputs += clean_files(opened, "aliases")
    places = opened.settings.places
    piles, real = (
        [(p.lon, p.lat) for p in of] for of in (places.default_points, places.real_points)
    )
    lineage = trace("locate", inputs, root=opened.workbench.root, settings=[piles, real])
    mark = account_file(opened, "locate", source.name)
    names = ("located", "name_queue", "point_heaps")
    outputs = [located / f"{source.name}.{name}.parquet" for name in names]
    if done(mark, lineage, *outputs):
        return recall(opened, "locate", source.name)
    events = read_table("events", clean, as_name=f"{source.name}.events")
    register = read_table("colonias", located)
    found = locate_events(
        events,
        register,
        default_points=piles,
        real_points=real,
        aliases=known_aliases(opened, register),
    )
    table = found.events
    write_table("located", table, located, lineage=lineage, as_name=f"{source.name}.located")
    queue = f"{source.name}.name_queue"
    write_table("name_queue", found.queue, located, lineage=lineage, as_name=queue)
    heaps = f"{source.name}.point_heaps"
    write_table("point_heaps", found.heaps, located, lineage=lineage, as_name=heaps)
    heaped = _tell_heaps(opened, source, found.heaps)
    if found.contradicted:
        heaped["name_contradicted"] = found.contradicted
    quality = table["location_quality"].value_counts()
    inside = quality.reindex(words.LOCATED).fillna(0).sum()
    apart = quality.reindex(words.NOT_LOCATED).dropna()
    return sign(
        opened,
        Account(
            "locate",
            source.name,
            read=len(table),
            kept=int(inside),
            rejected={str(reason): int(n) for reason, n in apart.items()},
            changed={**{str(how): int(quality.get(how, 0)) for how in words.LOCATED}, **heaped},
        ),
        lineage,
    )


def _tell_heaps(opened: Opened, source: Source, heaps: pd.DataFrame) -> dict[str, int]:
    if heaps.empty:
        return {}
    first = heaps.iloc[0]
    sentence = plural(
        "{source}: {events} events stand on one point ({lon:.5f}, {lat:.5f}), improbably many in "
        "this file. If it is an office's, write it under [places] default_points in lab.toml; if "
        "so much truly happens there, under real_points.",
        "{source}: improbably many events stand on each of {n} points, the most, {events}, on "
        "({lon:.5f}, {lat:.5f}). Those of an office go under [places] default_points in lab.toml, "
        "those where so much truly happens under real_points.",
    )
    at = {"lon": float(first["lon"]), "lat": float(first["lat"])}
    events = int(first["events"])
    opened.tell(say(sentence, source=source.name, n=len(heaps), events=events, **at))
    return {"on_a_heap": int(heaps["events"].sum())}


def _locate_census(opened: Opened) -> Account:
    """Write the register with its residents, and the indicators of each colonia."""
    inputs = [p for s in opened.files() for p in cleaned_files(opened, s) if _is_place(p)]
    told = [opened.settings.colonias.population, opened.settings.lab.crs]
    lineage = trace("locate", inputs, root=opened.workbench.root, settings=told)
    folder = opened.workbench.interim("located")
    mark = account_file(opened, "locate", REGISTER)
    names = ("colonias", "indicators", "residents")
    if done(mark, lineage, *(folder / f"{name}.parquet" for name in names)):
        return recall(opened, "locate", REGISTER)
    clean = opened.workbench.interim("clean")
    colonias = read_table("colonias", clean, as_name=f"{REGISTER}.colonias")
    indicators = read_table("indicators", clean, as_name=f"{REGISTER}.indicators")
    account = Account("locate", REGISTER, len(colonias), len(colonias))
    residents = empty_table("residents")
    for census in opened.of_kind("census"):
        colonias, more, residents, account = _with_census(opened, census, colonias)
        indicators = pd.concat([indicators, more], ignore_index=True)
    around = surrounding_indicators(opened, colonias)
    indicators = pd.concat([indicators, *around], ignore_index=True)
    for name, table in zip(names, (colonias, indicators, residents), strict=True):
        write_table(name, table, folder, lineage=lineage)
    return sign(opened, account, lineage)


def _is_place(path: Path) -> bool:
    return path.name.split(".")[-2] in {"colonias", "indicators", "ageb", *SURROUNDINGS}


def _with_census(
    opened: Opened, source: Source, colonias: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame, Account]:
    ageb, wide, shares = told_by_ageb(opened, source, colonias)
    keys = pd.Index(colonias["colonia_id"])
    descriptor = opened.descriptor(source)
    residents = wide[descriptor.column("population").upper()].dropna()
    people = interpolate_counts(residents, shares, keys)
    if opened.settings.colonias.population == "census":
        colonias = colonias.assign(population=people.counts.to_numpy())
    indicators = _census_indicators(source, descriptor, wide, shares, keys)
    metric = ageb.to_crs(opened.settings.lab.crs)
    errors = interpolation_errors(residents, shares, keys, spread=_spread(residents, metric))
    errors.insert(0, "residents", people.counts)
    outside = round(people.unallocated)
    account = Account(
        "locate",
        REGISTER,
        read=round(residents.sum()),
        kept=round(residents.sum()) - outside,
        rejected={"people_in_ageb_outside_every_colonia": outside} if outside else {},
    )
    return colonias, indicators, errors.rename_axis("colonia_id").reset_index(), account


def _spread(residents: pd.Series, ageb: gpd.GeoDataFrame) -> float:
    """Return how unevenly people live, or missing where too few areas tell: so is the error."""
    try:
        return spread_of_density(residents, ageb, area_id="ageb_id")
    except TableError:
        return float("nan")


def _census_indicators(
    source: Source,
    descriptor: Descriptor,
    wide: pd.DataFrame,
    shares: pd.DataFrame,
    keys: pd.Index,
) -> pd.DataFrame:
    parts = [empty_table("indicators")]
    for indicator in descriptor.indicator:
        above, below = _sums(wide, indicator)
        top = interpolate_counts(above, shares, keys).counts
        bottom = interpolate_counts(below, shares, keys).counts
        scale = 100.0 if indicator.unit == "%" else 1.0
        value = (top / bottom.where(bottom > 0)) * scale
        parts.append(
            pd.DataFrame(
                {
                    "colonia_id": keys,
                    "indicator": indicator.key,
                    "label": indicator.label,
                    "value": value.to_numpy(),
                    "municipality": above.sum() / below.sum() * scale if below.sum() else np.nan,
                    "unit": indicator.unit,
                    "source": source.name,
                }
            )
        )
    return pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)


def _sums(wide: pd.DataFrame, indicator: Indicator) -> tuple[pd.Series, pd.Series]:
    """Return both sides of a ratio over the areas where every part of it is known."""
    above = [name.upper() for name in indicator.numerator]
    below = [name.upper() for name in indicator.denominator]
    known = wide[[*above, *below]].dropna()
    bottom = known[below].sum(axis=1) if below else pd.Series(1.0, index=known.index)
    return known[above].sum(axis=1), bottom


def _classify_events(opened: Opened, source: Source) -> Account:
    located, folder = (opened.workbench.interim(step) for step in ("located", "classified"))
    narratives = narrative_files(opened, source)
    codings = clean_files(opened, "codings")
    inputs = [located / f"{source.name}.located.parquet", *codings, *narratives]
    crosswalk = load_crosswalk(opened.descriptor(source).crosswalk)
    lineage = _classified_lineage(opened, inputs, crosswalk)
    mark = account_file(opened, "classify", source.name)
    wanted = ("classified", "coding_queue", *(("factor_signs", QUEUE) if narratives else ()))
    names = {table: f"{source.name}.{table}" for table in wanted}
    if done(mark, lineage, *(folder / f"{name}.parquet" for name in names.values())):
        return recall(opened, "classify", source.name)
    events = read_table("located", located, as_name=f"{source.name}.located")
    coded = code_unnamed(
        events["subject"],
        classify_subjects(events["subject"], crosswalk),
        groups=crosswalk.groups,
        codings=stacked(opened, "codings"),
        confidence=opened.settings.classify.confidence,
    )
    codes, made = coded.codes, {"coding_queue": coded.queue}
    if narratives:
        read = read_narratives(opened, source, events, codes, dict(crosswalk.groups))
        codes, made["factor_signs"], made[QUEUE] = read.codes, read.signs, read.queue
    made["classified"] = pd.concat([events.drop(columns=["lon", "lat"]), codes], axis=1)
    for name, as_name in names.items():
        schema = "coding_queue" if name == QUEUE else name
        write_table(schema, made[name], folder, lineage=lineage, as_name=as_name)
    _tell_unknown(opened, source, events["subject"], codes["code_origin"])
    by = codes["code_origin"].value_counts()
    changed = {f"coded_by_{who}": int(by[who]) for who in ("person", "text_model") if who in by}
    return sign(opened, _classified(source, codes["crime_group"], changed), lineage)


def _tell_unknown(opened: Opened, source: Source, subjects: pd.Series, origin: pd.Series) -> None:
    """Say that hardly a subject is known: another column was named, or another crosswalk."""
    unknown = origin.eq("nobody")
    if len(origin) < _MANY or unknown.mean() <= _MOST:
        return
    sentence = text(
        "{source}: no rule, person or model knows the subject of {n} of {total} events; the "
        "commonest is “{value}”. Look whether “subject” and “crosswalk” name the right column and "
        "rules: what is unknown stands in no group.",
        source=source.name,
        n=int(unknown.sum()),
        total=len(origin),
        value=str(subjects[unknown].value_counts(dropna=False).index[0]),
    )
    opened.tell(sentence)


def _classify_counts(opened: Opened, source: Source) -> Account:
    clean, folder = opened.workbench.interim("clean"), opened.workbench.interim("classified")
    inputs = [clean / f"{source.name}.official_counts.parquet"]
    crosswalk = load_crosswalk(opened.descriptor(source).crosswalk)
    lineage = _classified_lineage(opened, inputs, crosswalk)
    mark = account_file(opened, "classify", source.name)
    if done(mark, lineage, folder / f"{source.name}.official_months.parquet"):
        return recall(opened, "classify", source.name)
    counts = read_table("official_counts", clean, as_name=f"{source.name}.official_counts")
    group = classify_subjects(counts["subject"], crosswalk)["crime_group"]
    keys = ["source", "area", "month", "group"]
    summed = counts.assign(group=group).groupby(keys, as_index=False)["events"].sum(min_count=1)
    name = f"{source.name}.official_months"
    write_table("official_months", summed, folder, lineage=lineage, as_name=name)
    return sign(opened, _classified(source, group), lineage)


def _classified_lineage(opened: Opened, inputs: list[Path], crosswalk: Crosswalk) -> Lineage:
    every = (*crosswalk.sensitive, *crosswalk.rules)
    besides = [pattern.pattern for pattern in crosswalk.besides]
    rules = [crosswalk.name, [(p.pattern, code) for p, code in every], besides]
    told = [rules, dict(crosswalk.groups), opened.settings.classify.confidence]
    return trace("classify", inputs, root=opened.workbench.root, settings=told)


def _classified(
    source: Source, groups: pd.Series, changed: dict[str, int] | None = None
) -> Account:
    doubtful = int((groups == words.UNCLASSIFIED).sum())
    return Account(
        "classify",
        source.name,
        read=len(groups),
        kept=len(groups) - doubtful,
        rejected={"unclassified_for_a_person_to_code": doubtful} if doubtful else {},
        changed=changed or {},
    )
