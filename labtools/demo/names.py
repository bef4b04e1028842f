"""Names of colonias, and the ways in which clerks write them."""

from __future__ import annotations

import unicodedata

import numpy as np

MUNICIPALITY = "Santa Lucía del Llano"
STATE = "Entidad de Demostración"
BOROUGHS = (
    "Centro Fundador",
    "La Noria",
    "Cerro Colorado",
    "Los Mezquites",
    "Ojo de Agua Norte",
    "San Bartolo del Llano",
    "Valle de las Flores",
)
INDUSTRIAL_PARK = "Parque Industrial El Llano"
PILOTS = ("La Sierrita", "San Miguelito")
N_HOMONYMS = 8
EXTENDED_SHARE, SECTIONED_SHARE = 0.12, 0.10  # developments that grew

SAINTS = (
    *("San Antonio", "San Isidro", "San Judas Tadeo", "San Martín", "San Ángel", "San Ramón"),
    *("San Jerónimo", "San Nicolás", "San Cayetano", "San Lorenzo", "San Andrés", "San Román"),
    *(
        "Santa Teresa",
        "Santa Mónica",
        "Santa Bárbara",
        "Santa Inés",
        "Santa Cecilia",
        "Santa Clara",
    ),
)
LANDS = (
    *(
        "Ángeles",
        "Cedros",
        "Encinos",
        "Girasoles",
        "Laureles",
        "Manantiales",
        "Naranjos",
        "Nogales",
    ),
    *("Olivos", "Pinos", "Robles", "Sauces", "Tulipanes", "Viñedos", "Cañaverales", "Jacarandas"),
)
VIEWS = (
    *("Llano", "Bosque", "Lago", "Río", "Mirador", "Parque", "Peñasco", "Sol", "Valle", "Álamo"),
    *("Campanario", "Cañón", "Jaral", "Ocaso", "Pedregal", "Ángel"),
)
SAINT_KINDS = ("Barrio de", "Ejido", "Fraccionamiento", "Lomas de", "Hacienda de", "Villas de")
LAND_KINDS = ("Jardines", "Paseos", "Prados", "Privadas", "Arboledas")
VIEW_KINDS = ("Villas", "Rincón", "Colinas", "Real", "Praderas", "Balcones", "Lomas")
PEOPLE = (
    *("Benito Juárez", "Emiliano Zapata", "Josefa Ortiz", "Lázaro Cárdenas", "Miguel Hidalgo"),
    *("José María Morelos", "Ignacio Allende", "Vicente Guerrero", "Francisco I. Madero"),
    *(
        "Venustiano Carranza",
        "Nicolás Bravo",
        "Leona Vicario",
        "Ignacio Zaragoza",
        "Rosario Castellanos",
    ),
)
SINGULAR = (
    *("La Cañada Chica", "La Joya Azul", "El Peñón", "La Lagunita", "El Tepetate", "La Ladera"),
    *("Peña Blanca", "El Zapote", "La Era", "El Arco", "Las Torres", "La Ciénega", "El Cortijo"),
    *(
        "Niños Héroes",
        "Año de Juárez",
        "Dos Arroyos",
        "El Órgano",
        "La Piedad Vieja",
        "El Huizache",
    ),
    *("Cuitláhuac", "Xochiquetzal", "Tonatiuh", "Nezahualcóyotl", "Revolución", "Constituyentes"),
    *(
        "Reforma Agraria",
        "Independencia",
        "Obrera",
        "Ferrocarrilera",
        "Industrial Norte",
        "Electricistas",
    ),
    *(
        "Rincón de O'Higgins",
        "Residencial D'Alba",
        "Villas D'Anunzio",
        "Sta. Rita",
        "Sta. Engracia",
    ),
    *("Fracc. Las Américas", "Fracc. Real Campestre", "Col. del Maestro", "U.H. El Porvenir"),
)
ABBREVIATIONS = (
    ("FRACCIONAMIENTO ", "FRACC. "),
    ("AMPLIACION ", "AMP. "),
    ("SANTA ", "STA. "),
    ("SAN ", "S. "),
    ("RESIDENCIAL ", "RES. "),
    ("UNIDAD HABITACIONAL ", "U.H. "),
    ("BARRIO DE ", "BO. "),
    ("1RA SECCION", "1A SECC"),
    ("2DA SECCION", "2A SECC"),
    ("JARDINES ", "JARD. "),
    ("HACIENDA ", "HDA. "),
)
UNKNOWN_PLACES = (
    "DOMICILIO CONOCIDO",
    "SIN COLONIA",
    "EL TANQUE",
    "CARRETERA ESTATAL KM 12",
    "N/E",
)
#: Of these the lab has decided that they name no place.
NO_PLACES = ("DOMICILIO CONOCIDO", "SIN COLONIA", "N/E")


def colonia_names(boroughs: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Return a name for each colonia, in order.

    Every name is unique, except `N_HOMONYMS` that two colonias of different delegaciones
    share.  Sections of one development come one after the other.
    """
    n = len(boroughs)
    names = _distinct(n - N_HOMONYMS, rng)
    reserved = {*PILOTS, INDUSTRIAL_PARK}
    free = [k for k in range(n // 4) if names[k] not in reserved]
    for k in range(N_HOMONYMS):
        model = free[9 * k]
        names.insert(_far(n // 2 + 9 * k, boroughs[model], boroughs), names[model])
    return names


def without_accents(name: str) -> str:
    """Return `name` without accents; the ñ becomes n."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def as_clerks_write(name: str, mess: float, rng: np.random.Generator) -> str:
    """Return `name` as typed at a counter: capitals, no accents, abbreviations, slips.

    Parameters
    ----------
    name : str
        The name in the register.
    mess : float
        From 0 (capitals without accents, nothing worse) to 1.
    rng : numpy.random.Generator
        The stream of chance.
    """
    written = without_accents(name).upper()
    kind = rng.random()
    if kind < 0.45 * mess:
        for long, short in ABBREVIATIONS:
            written = written.replace(long, short)
    elif kind < 0.60 * mess:
        written = "COL. " + written
    elif kind < 0.70 * mess:
        written = _with_a_slip(written, rng)
    elif kind < 0.80 * mess:
        written = f" {written.replace(' ', '  ', 1)} "
    elif kind < mess:
        written = name.lower() if kind < 0.9 * mess else name
    return written


def written_names(
    names: np.ndarray, mess: float, unknown: float, rng: np.random.Generator
) -> list[str]:
    """Return `names` as clerks write them; a share `unknown` of them names no colonia."""
    lost = rng.random(len(names)) < unknown
    nowhere = rng.choice(UNKNOWN_PLACES, len(names))
    return [
        str(nowhere[k]) if lost[k] else as_clerks_write(name, mess, rng)
        for k, name in enumerate(names)
    ]


def _distinct(n: int, rng: np.random.Generator) -> list[str]:
    families = [[name] for name in (*PILOTS, INDUSTRIAL_PARK, *SINGULAR)]
    room = n - len(families)
    for base in _bases(rng):
        families.append(_family(base, rng)[:room])
        room -= len(families[-1])
        if room == 0:
            break
    return [name for k in rng.permutation(len(families)) for name in families[k]]


def _bases(rng: np.random.Generator) -> list[str]:
    bases = [
        *(f"{kind} {saint}" for kind in SAINT_KINDS for saint in SAINTS),
        *SAINTS,
        *(f"{kind} de los {land}" for kind in LAND_KINDS for land in LANDS[:-1]),
        *(f"{kind} del {view}" for kind in VIEW_KINDS for view in VIEWS),
        *(f"Unidad Habitacional {name}" for name in PEOPLE),
        *PEOPLE,
        *(f"{kind} Los {land}" for kind in ("Residencial", "Hacienda") for land in LANDS[:-1]),
        *("Bosques de las Jacarandas", "Residencial Las Jacarandas", "Ampliación Las Jacarandas"),
    ]
    return [bases[k] for k in rng.permutation(len(bases))]


def _family(base: str, rng: np.random.Generator) -> list[str]:
    kind = rng.random()
    if kind < EXTENDED_SHARE:
        return [base, f"Ampliación {base}"]
    if kind < EXTENDED_SHARE + SECTIONED_SHARE:
        return [f"{base} {order} Sección" for order in ("1ra", "2da", "3ra")[: rng.integers(2, 4)]]
    return [base]


def _far(start: int, borough: int, boroughs: np.ndarray) -> int:
    """First position from `start` on that lies in another delegación."""
    elsewhere = np.flatnonzero(boroughs != borough)
    return int(elsewhere[elsewhere >= start][0])


def _with_a_slip(written: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(1, len(written)))
    return written[:place] + written[place + 1 :]
