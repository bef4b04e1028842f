"""What the indicators of the shipped sources are called, in the reader's language.

A descriptor names its indicators in the publisher's language.  Those of the sources that ship
with the workbench are told in both; a lab's own indicator keeps the name that the lab gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from labtools.messages import mark, say

#: Label of a shipped descriptor → what an English reader is told; its Spanish is the label itself.
SHIPPED: Mapping[str, str] = MappingProxyType(
    {
        "Hombres de 15 a 24 años": mark("Men aged 15 to 24"),
        "Personas desocupadas": mark("Unemployed people"),
        "Viviendas con internet": mark("Homes with internet"),
        "Viviendas con automóvil": mark("Homes with a car"),
        "Niñas, niños y adolescentes de 6 a 14 años que no van a la escuela": mark(
            "Children aged 6 to 14 who do not go to school"
        ),
        "Personas de 15 años y más sin educación básica": mark(
            "People aged 15 or more without basic education"
        ),
        "Personas sin derecho a servicios de salud": mark(
            "People without a right to health services"
        ),
        "Personas en viviendas con hacinamiento": mark("People in crowded homes"),
        "Personas en viviendas sin internet": mark("People in homes without internet"),
        "Índice de marginación (CONAPO, a mayor valor menor marginación)": mark(
            "Marginality index (CONAPO; the higher, the less marginality)"
        ),
        "Bares, cantinas y centros nocturnos": mark("Bars, cantinas and night clubs"),
        "Bancos": mark("Banks"),
        "Escuelas primarias": mark("Primary schools"),
        "Índice de marginación urbana por AGEB (CONAPO, a mayor valor menor marginación)": mark(
            "Urban marginality index by AGEB (CONAPO; the higher, the less marginality)"
        ),
        "Personas sin derecho a servicios de salud (CONAPO, por AGEB)": mark(
            "People without a right to health services (CONAPO, by AGEB)"
        ),
    }
)


def indicator_words(label: str) -> str:
    """Return an indicator's name in the language in force."""
    return say(SHIPPED[label]) if label in SHIPPED else label
