import ast
import gettext
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

import labtools
from labtools.charts.figures import state_words
from labtools.messages import LANGUAGES, speaking
from labtools.publish.reading import reading_parts
from labtools.tables import vocabulary as words
from tests.architecture.catalogue import (
    DOMAINS,
    FOLDER,
    KEYWORDS,
    Id,
    compiled,
    read_catalogue,
    sentences_in_code,
    untranslated,
)

CODE = {
    path: ast.parse(path.read_text("utf-8"))
    for path in Path(labtools.__file__).parent.rglob("*.py")
}
# Letters that are the same in both languages, once the placeholders are taken out.
SAME = {
    "",
    "colonia",
    "colonias",
    "collect bytes sha",
    "d",
    "error",
    "km",
    "km²",
    "m",
    "n",
    "no",
    "pesos",
    "python",
}
every_domain = pytest.mark.parametrize("domain", DOMAINS)


def forms(sentence: Id) -> tuple[str, ...]:
    return sentence if isinstance(sentence, tuple) else (sentence,)


def pairs(domain: str) -> list[tuple[str, str]]:
    """Return each form of each sentence with its translation."""
    return [
        pair
        for message in read_catalogue(domain)
        if message.id
        for pair in zip(forms(message.id), forms(message.string), strict=True)
    ]


def placeholders(sentence: str) -> set[tuple[str | None, ...]]:
    braces = {part[1:] for part in Formatter().parse(sentence) if part[1] is not None}
    return braces | {(found,) for found in re.findall(r"%\(\w+\)\w", sentence)}


def letters(sentence: str) -> str:
    bare = re.sub(r"\{[^}]*\}|%\(\w+\)\w", " ", sentence)
    return " ".join(re.findall(r"[^\W\d_²]+²?", bare)).lower()


@every_domain
def test_the_catalogue_and_the_code_name_the_same_sentences(domain):
    written = {message.id for message in read_catalogue(domain) if message.id}

    in_code = sentences_in_code(domain)

    assert written - in_code == set()
    assert in_code - written == set(), "run: make messages"


@every_domain
def test_every_sentence_has_a_translation_that_nobody_doubts(domain):
    catalogue = read_catalogue(domain)

    doubtful = [message.id for message in catalogue if message.id and message.fuzzy]

    assert untranslated(catalogue) == []
    assert doubtful == []


@every_domain
def test_every_translation_keeps_exactly_the_placeholders_of_its_sentence(domain):
    kept = {english: placeholders(spanish) for english, spanish in pairs(domain)}

    assert kept == {english: placeholders(english) for english in kept}


@every_domain
def test_no_sentence_is_left_in_english(domain):
    left = [english for english, spanish in pairs(domain) if english == spanish]

    assert [english for english in left if letters(english) not in SAME] == []


@every_domain
def test_readers_are_addressed_formally(domain):
    familiar = re.compile(r"\b(tú|tu|tus|ti|contigo|puedes|debes|quieres|tienes)\b", re.IGNORECASE)

    assert [spanish for _, spanish in pairs(domain) if familiar.search(spanish)] == []


@every_domain
def test_gettext_reads_what_the_catalogue_says(domain):
    read = gettext.GNUTranslations(io.BytesIO((FOLDER / f"{domain}.mo").read_bytes()))
    meant = gettext.GNUTranslations(io.BytesIO(compiled(read_catalogue(domain))))

    assert {**read._catalog, "": ""} == {**meant._catalog, "": ""}, "run: make messages"
    assert [read.plural(n) for n in (0, 1, 2)] == [1, 0, 1]


def test_everything_that_carries_a_sentence_is_looked_at():
    carriers = {"LabError"}
    classes = [
        node for tree in CODE.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    for _ in classes:  # a class may derive from one that is found later
        carriers |= {
            node.name for node in classes if carriers & {ast.unparse(base) for base in node.bases}
        }
    raised = carriers - {"LabError"}

    assert raised | {"Finding"} == {name for name in KEYWORDS["labtools"] if name[0].isupper()}


def test_sentences_are_written_out_where_they_are_marked():
    marks = {"text", "mark", "plural", "messages.text", "messages.mark", "messages.plural"}
    calls = [
        (path.name, node)
        for path, tree in CODE.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in marks
    ]

    hidden = [
        f"{name}:{node.lineno}"
        for name, node in calls
        if not isinstance(node.args[0], ast.Constant)
    ]

    assert len(calls) > 100
    assert hidden == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_on_reading_quotes_the_words_that_fichas_show(language):
    with speaking(language):
        page = " ".join(line for part in reading_parts(3) for line in part.paragraphs).lower()
        shown = [words.label("none"), words.label("insufficient"), words.label(words.MISSING)]
        shown.append(state_words(words.SUPPRESSED))

    assert [word for word in shown if f"“{word}”" not in page] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--help"],
            ("Uso: labtools", "Opciones:", "Comandos:", "Muestra este mensaje y termina."),
        ),
        (["nope"], ("Escriba 'labtools --help'", "No existe el comando 'nope'.")),
        (["run", "--nope"], ("No existe la opción '--nope'.",)),
        (["run", "extra"], ("Sobra un argumento (extra)",)),
        (["explain"], ("Falta el argumento",)),
        (["serve", "--port", "x"], ("Valor no válido para '--port'",)),
    ],
)
def test_the_command_line_speaks_spanish_in_its_own_words_and_in_clicks(arguments, said):
    command = [sys.executable, "-c", "from labtools.cli.main import main; main()", *arguments]
    environment = {**os.environ, "LABTOOLS_LANG": "es_MX"}

    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )

    assert [words for words in said if words not in ran.stdout + ran.stderr] == []
