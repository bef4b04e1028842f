"""The kinds of crime that happen in the municipality, as a prosecutor's office names them."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

Group = Literal["violence", "robbery", "theft", "other", "sensitive"]
GROUPS: tuple[Group, ...] = get_args(Group)
STREET: tuple[Group, ...] = ("violence", "robbery", "theft")

# Titles of the national monthly count (SESNSP): protected good, type, subtype, mode.
Title = tuple[str, str, str, str]


class Kind(NamedTuple):
    """One kind of crime.

    Attributes
    ----------
    name : str
        As the prosecutor's office writes it.
    group : str
        One of `GROUPS`.
    share : float
        Its weight among the *recorded* crimes of its group.
    reporting : float
        Multiplies the reporting probability of the colonia.
    hours : str
        When it happens: ``night``, ``evening``, ``day`` or ``any``.
    story : str
        Which narratives fit it.
    title : tuple of str
        Where the national count puts it.
    """

    name: str
    group: Group
    share: float
    reporting: float
    hours: str
    story: str
    title: Title


_LIFE = "La vida y la Integridad corporal"
_SEXUAL = "La libertad y la seguridad sexual"
_PROPERTY = "El patrimonio"
_FAMILY = "La familia"
_OTHERS = "Otros bienes jurídicos afectados (del fuero común)"
_FORCE, _NO_FORCE = "Con violencia", "Sin violencia"
_CAR = "Robo de vehículo automotor"
_TRANSIT = "DAÑO EN PROPIEDAD AJENA CULPOSA POR TRÁNSITO VEHICULAR A AUTOMOVIL"
_SHOPLIFTING = "ROBO A NEGOCIO SIN VIOLENCIA POR FARDEROS (TIENDAS DE AUTOSERVICIO)"


def _same(good: str, name: str) -> Title:
    return (good, name, name, name)


def _hurt(crime: str, subtype: str, mode: str) -> Title:
    return (_LIFE, crime, subtype, mode)


def _robbery(subtype: str, mode: str) -> Title:
    return (_PROPERTY, "Robo", subtype, mode)


# fmt: off
KINDS: tuple[Kind, ...] = (
    Kind("AMENAZAS", "violence", 55, 0.75, "any", "threat", _same(_OTHERS, "Amenazas")),
    Kind("LESIONES INTENCIONALES POR GOLPES", "violence", 30, 0.80, "night", "assault", _hurt("Lesiones", "Lesiones dolosas", "Con otro elemento")),
    Kind("LESIONES INTENCIONALES POR ARMA BLANCA", "violence", 5, 1.10, "night", "assault", _hurt("Lesiones", "Lesiones dolosas", "Con arma blanca")),
    Kind("LESIONES INTENCIONALES POR ARMA DE FUEGO", "violence", 3, 1.30, "night", "gun", _hurt("Lesiones", "Lesiones dolosas", "Con arma de fuego")),
    Kind("LESIONES INTENCIONALES", "violence", 3, 0.80, "night", "assault", _hurt("Lesiones", "Lesiones dolosas", "No especificado")),
    Kind("HOMICIDIO POR ARMA DE FUEGO", "violence", 3, 1.40, "night", "gun", _hurt("Homicidio", "Homicidio doloso", "Con arma de fuego")),
    Kind("HOMICIDIO POR ARMA BLANCA", "violence", 0.8, 1.40, "night", "assault", _hurt("Homicidio", "Homicidio doloso", "Con arma blanca")),
    Kind("HOMICIDIO POR GOLPES", "violence", 0.4, 1.40, "night", "assault", _hurt("Homicidio", "Homicidio doloso", "Con otro elemento")),
    Kind("FEMINICIDIO", "violence", 0.15, 1.40, "night", "assault", _hurt("Feminicidio", "Feminicidio", "No especificado")),
    Kind("ROBO A TRANSEUNTE EN VIA PUBLICA CON VIOLENCIA", "robbery", 45, 0.90, "evening", "street_robbery", _robbery("Robo a transeúnte en vía pública", _FORCE)),
    Kind("ROBO A NEGOCIO CON VIOLENCIA", "robbery", 18, 1.15, "evening", "shop_robbery", _robbery("Robo a negocio", _FORCE)),
    Kind("ROBO DE VEHICULO DE SERVICIO PARTICULAR CON VIOLENCIA", "robbery", 10, 1.35, "night", "car_robbery", _robbery(_CAR, "Robo de coche de 4 ruedas Con violencia")),
    Kind("ROBO A PASAJERO A BORDO DE TRANSPORTE PÚBLICO CON VIOLENCIA", "robbery", 6, 0.70, "evening", "transit_robbery", _robbery("Robo en transporte público colectivo", _FORCE)),
    Kind("ROBO A PASAJERO / CONDUCTOR DE VEHICULO CON VIOLENCIA", "robbery", 5, 0.90, "night", "car_robbery", _robbery("Robo en transporte individual", _FORCE)),
    Kind("ROBO A REPARTIDOR CON VIOLENCIA", "robbery", 5, 1.20, "day", "shop_robbery", _robbery("Otros robos", _FORCE)),
    Kind("ROBO A TRANSEUNTE DE CELULAR CON VIOLENCIA", "robbery", 4, 0.75, "evening", "street_robbery", _robbery("Robo a transeúnte en vía pública", _FORCE)),
    Kind("ROBO A CASA HABITACION CON VIOLENCIA", "robbery", 3, 1.15, "night", "home_burglary", _robbery("Robo a casa habitación", _FORCE)),
    Kind("ROBO DE MOTOCICLETA CON VIOLENCIA", "robbery", 3, 1.25, "evening", "car_robbery", _robbery(_CAR, "Robo de motocicleta Con violencia")),
    Kind("ROBO DE OBJETOS", "theft", 28, 0.65, "day", "theft", _robbery("Otros robos", _NO_FORCE)),
    Kind("ROBO DE ACCESORIOS DE AUTO", "theft", 20, 0.65, "night", "car_parts", _robbery("Robo de autopartes", _NO_FORCE)),
    Kind("ROBO DE OBJETOS DEL INTERIOR DE UN VEHICULO", "theft", 16, 0.65, "evening", "car_parts", _robbery("Otros robos", _NO_FORCE)),
    Kind("ROBO A CASA HABITACION SIN VIOLENCIA", "theft", 15, 0.95, "day", "home_burglary", _robbery("Robo a casa habitación", _NO_FORCE)),
    Kind("ROBO A NEGOCIO SIN VIOLENCIA", "theft", 14, 0.95, "night", "shop_theft", _robbery("Robo a negocio", _NO_FORCE)),
    Kind("ROBO DE VEHICULO DE SERVICIO PARTICULAR SIN VIOLENCIA", "theft", 14, 1.35, "night", "car_theft", _robbery(_CAR, "Robo de coche de 4 ruedas Sin violencia")),
    Kind("DAÑO EN PROPIEDAD AJENA INTENCIONAL", "theft", 9, 0.70, "night", "damage", _same(_PROPERTY, "Daño a la propiedad")),
    Kind(_TRANSIT, "theft", 8, 0.85, "day", "crash", _same(_PROPERTY, "Daño a la propiedad")),
    Kind("ROBO A TRANSEUNTE EN VIA PUBLICA SIN VIOLENCIA", "theft", 7, 0.65, "evening", "theft", _robbery("Robo a transeúnte en vía pública", _NO_FORCE)),
    Kind(_SHOPLIFTING, "theft", 6, 0.95, "day", "shop_theft", _robbery("Robo a negocio", _NO_FORCE)),
    Kind("ROBO DE MOTOCICLETA SIN VIOLENCIA", "theft", 6, 1.20, "night", "car_theft", _robbery(_CAR, "Robo de motocicleta Sin violencia")),
    Kind("DAÑO EN PROPIEDAD AJENA INTENCIONAL A AUTOMOVIL", "theft", 5, 0.70, "night", "damage", _same(_PROPERTY, "Daño a la propiedad")),
    Kind("DAÑO EN PROPIEDAD AJENA INTENCIONAL A CASA HABITACION", "theft", 3, 0.70, "night", "damage", _same(_PROPERTY, "Daño a la propiedad")),
    Kind("ROBO DE VEHICULO DE PEDALES", "theft", 3, 0.60, "day", "theft", _robbery("Otros robos", _NO_FORCE)),
    Kind("ROBO DE PLACA DE AUTOMOVIL", "theft", 2, 0.80, "night", "car_parts", _robbery("Robo de autopartes", _NO_FORCE)),
    Kind("FRAUDE", "other", 35, 0.65, "day", "fraud", _same(_PROPERTY, "Fraude")),
    Kind("NARCOMENUDEO POSESION SIMPLE", "other", 12, 0.90, "evening", "drugs", _same(_OTHERS, "Narcomenudeo")),
    Kind("USURPACIÓN DE IDENTIDAD", "other", 8, 0.65, "day", "fraud", _same(_OTHERS, "Otros delitos del Fuero Común")),
    Kind("ABUSO DE CONFIANZA", "other", 8, 0.70, "day", "fraud", _same(_PROPERTY, "Abuso de confianza")),
    Kind("DESPOJO", "other", 7, 0.95, "day", "trespass", _same(_PROPERTY, "Despojo")),
    Kind("LESIONES CULPOSAS POR TRANSITO VEHICULAR EN COLISION", "other", 6, 1.00, "day", "crash", _hurt("Lesiones", "Lesiones culposas", "En accidente de tránsito")),
    Kind("NARCOMENUDEO POSESIÓN CON FINES DE VENTA, COMERCIO Y SUMINISTRO", "other", 4, 0.90, "evening", "drugs", _same(_OTHERS, "Narcomenudeo")),
    Kind("TENTATIVA DE EXTORSION", "other", 4, 0.60, "day", "extortion", _same(_PROPERTY, "Extorsión")),
    Kind("EXTORSION", "other", 2, 0.60, "day", "extortion", _same(_PROPERTY, "Extorsión")),
    Kind("COBRANZA ILEGITIMA", "other", 2, 0.70, "day", "extortion", _same(_OTHERS, "Otros delitos del Fuero Común")),
    Kind("ALLANAMIENTO DE MORADA, DESPACHO, OFICINA O ESTABLECIMIENTO MERCANTIL", "other", 2, 0.80, "night", "trespass", _same(_OTHERS, "Allanamiento de morada")),
    Kind("VIOLENCIA FAMILIAR", "sensitive", 80, 0.45, "evening", "family", _same(_FAMILY, "Violencia familiar")),
    Kind("ABUSO SEXUAL", "sensitive", 9, 0.55, "evening", "sexual", _same(_SEXUAL, "Abuso sexual")),
    Kind("ACOSO SEXUAL", "sensitive", 3, 0.50, "day", "sexual", _same(_SEXUAL, "Acoso sexual")),
    Kind("CONTRA LA INTIMIDAD SEXUAL", "sensitive", 2.5, 0.50, "any", "sexual", _same(_SEXUAL, "Otros delitos que atentan contra la libertad y la seguridad sexual")),
    Kind("VIOLACION", "sensitive", 2, 0.70, "night", "sexual", _same(_SEXUAL, "Violación simple")),
    Kind("VIOLACION EQUIPARADA", "sensitive", 1.5, 0.70, "night", "sexual", _same(_SEXUAL, "Violación equiparada")),
)
# fmt: on

# Titles that the national layout lists although nothing of the kind happened here.
EMPTY_TITLES: tuple[Title, ...] = (
    _hurt("Homicidio", "Homicidio doloso", "No especificado"),
    _hurt("Feminicidio", "Feminicidio", "Con arma de fuego"),
    _same(_LIFE, "Aborto"),
    ("Libertad personal", "Secuestro", "Secuestro extorsivo", "Secuestro extorsivo"),
    _robbery("Robo a institución bancaria", _FORCE),
    _robbery("Robo de ganado", _NO_FORCE),
    _same("La sociedad", "Trata de personas"),
    _same(_OTHERS, "Electorales"),
)

HOURS: dict[str, tuple[int, ...]] = {
    "any": (2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 5, 4, 3),
    "day": (1, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 9, 9, 9, 9, 9, 8, 7, 6, 4, 3, 2, 1),
    "evening": (3, 2, 1, 1, 1, 2, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 5, 6, 8, 10, 11, 10, 8, 5),
    "night": (10, 9, 8, 6, 4, 3, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 7, 8, 9, 10, 10),
}


def kinds_of(group: Group) -> np.ndarray:
    """Return the positions in `KINDS` of the kinds of one group."""
    return np.array([k for k, kind in enumerate(KINDS) if kind.group == group])


def recorded_mix(group: Group) -> np.ndarray:
    """Return the share of each kind of a group among its recorded crimes."""
    shares = np.array([kind.share for kind in KINDS if kind.group == group])
    return np.asarray(shares / shares.sum())


def group_reporting() -> np.ndarray:
    """Return the reporting factor of each group, shape (5,).

    Shares are of *recorded* crimes, so a kind that is seldom reported weighs more among the
    true ones: the factor of a group is the harmonic mean of those of its kinds.
    """
    factors = []
    for group in GROUPS:
        each = np.array([kind.reporting for kind in KINDS if kind.group == group])
        factors.append(1 / (recorded_mix(group) / each).sum())
    return np.array(factors)
