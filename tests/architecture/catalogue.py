"""Bring the catalogues up to date with the code: ``python tests/architecture/catalogue.py``.

New sentences are added without a translation, those that left the code are dropped, and
the ``.mo`` files that gettext reads are made anew.  What lacks a translation is named.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import labtools
from labtools.messages import LOCALE_DIR

Id = str | tuple[str, ...]

FOLDER = LOCALE_DIR / "es_MX" / "LC_MESSAGES"
DOMAINS = ("labtools", "click")

#: What is called with a sentence, and the places of its forms if it has two.
KEYWORDS = {
    "labtools": {
        "text": None,
        "mark": None,
        "plural": (1, 2),
        "Finding": None,
        "SettingsError": None,
        "SourceError": None,
        "TableError": None,
        "AnalysisError": None,
        "PrivacyError": None,
        "RunError": None,
        "DependencyError": None,
        "BusyError": None,
        "SpaceError": None,
    },
    "click": {"_": None, "ngettext": (1, 2)},
}
_CODE = {
    domain: Path(module.__file__).parent
    for domain, module in {"labtools": labtools, "click": click}.items()
}

_HEADER = """\
# Spanish (Mexico) of the sentences in the code of {domain}.  Written for councillors, citizens and
# lab staff: plain words, formal, never "tú".  “make messages” keeps it in step with the code.
msgid ""
msgstr ""
"Language: es_MX\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
# A file that tells the hour at which it was made would differ each time.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def sentences_in_code(domain: str) -> set[Id]:
    """Return every sentence marked in the code; one that counts is a pair of forms."""
    return {
        tuple(sentence) if isinstance(sentence, tuple) else sentence
        for file in sorted(_CODE[domain].rglob("*.py"))
        for _, sentence, _, _ in extract_from_file("python", file, keywords=KEYWORDS[domain])
    }


def read_catalogue(domain: str) -> Catalog:
    """Return the catalogue as its ``.po`` file has it, or an empty one."""
    path = FOLDER / f"{domain}.po"
    written = path.read_bytes() if path.is_file() else b""
    catalogue = read_po(io.BytesIO(written), locale="es_MX", domain=domain)
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def untranslated(catalogue: Catalog) -> list[Id]:
    """Return the sentences that lack their translation, or one of its forms."""
    return [message.id for message in catalogue if message.id and not _is_whole(message.string)]


def bring_up_to_date(domain: str) -> Catalog:
    """Add new sentences to a catalogue, drop those that left the code, and write both files."""
    catalogue, wanted = read_catalogue(domain), sentences_in_code(domain)
    known = {message.id for message in catalogue if message.id}
    for gone in known - wanted:
        catalogue.delete(gone)
    for new in wanted - known:
        catalogue.add(new)
    for message in catalogue:
        message.flags.discard("python-format")  # Babel takes "95 % interval" for one
    body = io.BytesIO()
    write_po(body, catalogue, omit_header=True, no_location=True, sort_output=True)
    header = _HEADER.format(domain=domain).encode()
    (FOLDER / f"{domain}.po").write_bytes(header + body.getvalue().lstrip())
    (FOLDER / f"{domain}.mo").write_bytes(compiled(catalogue))
    return catalogue


def main() -> None:
    """Bring all catalogues up to date, and name the sentences to translate."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for domain in DOMAINS:
        catalogue = bring_up_to_date(domain)
        missing = untranslated(catalogue)
        sys.stdout.write(f"{domain}: {len(catalogue)} sentences, {len(missing)} to translate\n")
        sys.stdout.writelines(f"  {sentence!r}\n" for sentence in missing)


def _is_whole(translation: Id) -> bool:
    return all(translation) if isinstance(translation, tuple) else bool(translation)


if __name__ == "__main__":
    main()
