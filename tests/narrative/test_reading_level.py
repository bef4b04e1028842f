"""How hard the narrative is to read, on a published scale."""

import pytest

from labtools.errors import AnalysisError
from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.narrative.reading_level import EASY_ENOUGH, reading_level, syllables_of
from tests.publish.released_example import IDS, WITHOUT_FICHA, ficha_of, released_tables


# Ortografía de la lengua española (RAE y ASALE 2010), § II.3.4: diptongos, triptongos e hiatos.
@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("casa", 2),
        ("violencia", 3),
        ("policía", 4),
        ("ciudad", 2),
        ("quien", 1),
        ("guerra", 2),
        ("pingüino", 3),
        ("mayo", 2),
        ("ley", 1),
        ("país", 2),
        ("oeste", 3),
        ("averiguáis", 4),
        ("ahora", 3),
        ("búho", 2),
        ("poeta", 3),
        ("construido", 3),
        ("y", 1),
    ],
)
def test_syllables_are_counted_as_the_orthography_parts_them(word, syllables):
    assert syllables_of(word) == syllables


def test_the_scale_is_that_of_its_formula():
    level = reading_level(["La ca-sa es al-ta. El pe-rro duer-me.".replace("-", "")])

    assert (level.sentences, level.words, level.syllables) == (2, 7, 11)
    assert level.inflesz == pytest.approx(206.835 - 62.3 * 11 / 7 - 7 / 2)
    assert level.fernandez_huerta == pytest.approx(206.84 - 60 * 11 / 7 - 1.02 * 7 / 2)


def test_a_law_is_harder_than_what_is_written_for_neighbours():
    # Constitución Política de los Estados Unidos Mexicanos, artículo 21, párrafo noveno.
    law = (
        "La seguridad pública es una función del Estado a cargo de la Federación, las entidades "
        "federativas y los Municipios, cuyos fines son salvaguardar la vida, las libertades, la "
        "integridad y el patrimonio de las personas, así como contribuir a la generación y "
        "preservación del orden público y la paz social, de conformidad con lo previsto en esta "
        "Constitución y las leyes en la materia."
    )

    assert reading_level([law]).inflesz < EASY_ENOUGH


def test_a_text_without_words_has_no_level():
    with pytest.raises(AnalysisError):
        reading_level(["12 345.6", ""])


def test_every_ficha_is_easy_enough_for_everyone():
    tables = released_tables()
    levels = {}
    with speaking("es_MX"):
        for colonia_id in IDS:
            if colonia_id != WITHOUT_FICHA:
                told = sentences(ficha_of(tables, colonia_id))
                words = [one for part, said in told.items() if part != "sources" for one in said]
                levels[colonia_id] = reading_level(words).inflesz

    assert {key: level for key, level in levels.items() if level < EASY_ENOUGH} == {}
