"""What pages say of their own, in the language in force; figures come from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from labtools.messages import say, text
from labtools.privacy.cards import EXPIRED

#: Folder of each edition inside the site; the first language stands at its top.
EDITIONS: Mapping[str, str] = MappingProxyType({"es_MX": "", "en": "en"})
_FILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "es_MX": {
            "home": "index.html",
            "reading": "como-leer.html",
            "data": "datos.html",
            "map": "mapa.html",
            "changes": "cambios.html",
            "evaluations": "evaluaciones.html",
            "proposals": "propuestas.html",
        },
        "en": {
            "home": "index.html",
            "reading": "how-to-read.html",
            "data": "data.html",
            "map": "map.html",
            "changes": "changes.html",
            "evaluations": "evaluations.html",
            "proposals": "proposals.html",
        },
    }
)
#: Folder of the boroughs' pages in each edition.
BOROUGHS: Mapping[str, str] = MappingProxyType({"es_MX": "delegaciones", "en": "boroughs"})
#: The council's documents: file name → whether they are slides.
BRIEFINGS: Mapping[str, bool] = MappingProxyType(
    {"informe-cabildo": False, "laminas-cabildo": True}
)
HTML_LANGUAGES: Mapping[str, str] = MappingProxyType({"es_MX": "es-MX", "en": "en"})
LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType({"es_MX": "Español", "en": "English"})


def file_of(page: str, language: str) -> str:
    """Return the file name of a page in one edition."""
    return _FILES[language][page]


def home_of(language: str, site_root: str) -> str:
    """Return the folder of an edition, seen from a page whose way to the site is `site_root`."""
    folder = EDITIONS[language]
    return f"{site_root}/{folder}" if folder else site_root


def frame_words() -> dict[str, str]:
    """Return the words around every page."""
    return {
        "skip": text("Skip to the content"),
        "site": text("Colonia profiles"),
        "home": text("All colonias"),
        "reading": text("How to read these profiles"),
        "map": text("Map"),
        "changes": text("Changes"),
        "evaluations": text("Evaluations"),
        "proposals": text("Proposals"),
        "data": text("Open data"),
        "sections": text("Sections of the site"),
        "also": text("This page in another language"),
        "expired": say(EXPIRED, day="{day}"),
        "promise": text(
            "Recorded crime is only what came to the authorities' notice. The figures describe "
            "places, not the people who live there."
        ),
    }


def ficha_words() -> dict[str, str]:
    """Return the headings and fixed sentences of a ficha."""
    return {
        **_ficha_headings(),
        **_ficha_columns(),
        "kind": text("Colonia profile"),
        "paper": text("To print: two pages (PDF)"),
        "card": text("To send: a card for the phone (PNG)"),
        "card_told": text("What the card says, for whoever cannot see it"),
        "crime_by_group": text("Recorded crime by group, with its rate and its 95 % interval"),
        "no_change": text("No change can be told apart from chance in any group."),
        "other_groups": text("In the other groups no change can be told apart from chance."),
        "no_actions": text("The data hold no action of the programme in this colonia."),
        "no_perception": text("No survey tells about this area."),
        "no_unknowns": text("The sources list no known gaps for this colonia."),
        "outdated": text(
            "This profile could not be updated in this edition: its figures are those of the "
            "last edition that could make it, of the period above."
        ),
        "seal_note": text("Two profiles with the same seal say the same."),
    }


def _ficha_headings() -> dict[str, str]:
    return {
        "where": text("Where it is and who lives there"),
        "together": text("Recorded crime and perception, side by side"),
        "crime": text("Recorded crime"),
        "perception": text("Perception"),
        "dark_figure": text("Recorded and probable"),
        "fear_gap": text("Crime beside fear"),
        "detail": text("Recorded crime in detail"),
        "series": text("Quarter by quarter"),
        "years": text("Year by year, January to December, all groups"),
        "years_note": text(
            "Each year is published as one figure, nearer the true count than the sum of its "
            "quarters; the sums may not agree."
        ),
        "place": text("Among the colonias of the municipality"),
        "answers": text("What protects and what worries"),
        "change": text("Change in the last year"),
        "actions": text("Actions of the programme"),
        "unknowns": text("What is not known"),
        "sources": text("Sources"),
        "seal": text("Seal"),
    }


def _ficha_columns() -> dict[str, str]:
    return {
        "group": text("Group"),
        "year": text("Year"),
        "events": text("Recorded crimes"),
        "rate": text("Per 1,000 residents (95 % interval)"),
        "smoothed": text("Steadied rate (95 % interval)"),
        "municipality": text("Municipality"),
        "versus": text("Reading"),
        "indicator": text("Indicator"),
        "colonia": text("Colonia"),
        "action": text("Action"),
        "agency": text("Agency"),
        "times": text("Times"),
        "when": text("Dates"),
        "what": text("What is missing"),
        "n": text("Records"),
        "share": text("Share"),
        "source": text("Source"),
        "publisher": text("Publisher"),
        "licence": text("Licence"),
        "cutoff": text("Cut date"),
    }


def home_words() -> dict[str, str]:
    """Return the words of the first page."""
    return {
        "search": text("Find a colonia"),
        "hint": text("Accents and capital letters do not matter."),
        "none": text("No colonia has that name. Try with part of it."),
        "found": text("Colonias found:"),
        "by_borough": text("Colonias by borough"),
        "colonias": text("Colonias"),
        "council": text("For the session of the council"),
        "informe-cabildo": text("Briefing, to read (PDF)"),
        "laminas-cabildo": text("Slides, to show (PDF)"),
        "no_borough": text("Without a registered borough"),
    }


def map_words() -> dict[str, str]:
    """Return the words of the map pages."""
    return {
        "groups": text("Crime groups"),
        "note": text(
            "A colonia is above or below only where the 95 % interval of its steadied rate leaves "
            "the municipality's rate out. Where it does not, the difference may be chance, and the "
            "map says so. The map orders nothing: the tier tells how a colonia stands to the "
            "municipality, not how two colonias stand to each other."
        ),
    }


def changes_words() -> dict[str, str]:
    """Return the words of the page of changes."""
    return {
        "changes": text("Changes that can be told apart from chance"),
        "note": text(
            "Counts go up and down by chance alone. Here are only the changes of which chance is a "
            "poor explanation, in the alphabetical order of the colonias."
        ),
        "none": text("No change can be told apart from chance in any colonia."),
        "unknown": text(
            "Whether anything changed is not known: no colonia has a figure of both years that may "
            "be shown."
        ),
        "before": text("Crimes, 12 months before"),
        "now": text("Crimes, last 12 months"),
        "ratio": text("Change (95 % interval)"),
    }


def data_words() -> dict[str, str]:
    """Return the words of the data page."""
    return {
        "intro": text(
            "These are the released tables that every figure of this site is drawn from, as CSV "
            "files (UTF-8). An empty cell is not a zero: the column “state” says whether the "
            "figure is shown, missing, withheld (“suppressed”), or of too few answers "
            "(“insufficient”)."
        ),
        "rounding": text(
            "Public counts are rounded so that nobody can be singled out; “events_low” and "
            "“events_high” hold the range of the true count."
        ),
        "workbook": text(
            "Each table is also a workbook (XLSX), with its list of columns as further sheets."
        ),
        "parquet_note": text(
            "The same tables are offered as Parquet, for programs; “colonias_shown” is GeoParquet "
            "and holds the boundaries of the colonias."
        ),
        "codebook": text("What each column holds"),
        "codebook_note": text(
            "The names of columns and their words are the same in both languages, so that programs "
            "read one file. Each workbook has its own list too."
        ),
        "codebook_open": text("See the list of columns"),
        "column": text("Column"),
        "kind": text("Kind"),
        "means": text("What it holds"),
        "tables": text("Released tables"),
        "file": text("File"),
        "rows": text("Rows"),
        "holds": text("What it holds"),
        "until": text("Of use until"),
        "old": text(
            "A file stays what it was when it was published: past its day it tells of the past, "
            "and pages and dashboards show it no more."
        ),
    }
