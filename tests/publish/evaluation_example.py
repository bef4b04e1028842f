"""Released tables of one evaluation, as a run leaves them."""

import pandas as pd

ID = "barrios-2024"
_CRIME = {"protocol": ID, "outcome": "crime", "places": 40, "compared": 60, "verdict": "none_given"}
_PEOPLE = {**_CRIME, "outcome": "perception", "places": 20, "compared": 50}


def _limits(value, lower, upper, unit="percent"):
    return {"value": value, "lower": lower, "upper": upper, "unit": unit}


def evaluation() -> pd.DataFrame:
    rows = [
        {**_CRIME, "aspect": "effect", **_limits(-18.0, -27.0, -8.0), "verdict": "better"},
        {**_CRIME, "aspect": "beside", **_limits(2.0, -6.0, 11.0)},
        {**_CRIME, "aspect": "before", **_limits(1.0, -9.0, 12.0)},
        {**_CRIME, "aspect": "nothing", **_limits(-7.0, -10.0, -4.0), "compared": None},
        {**_CRIME, "aspect": "averted", **_limits(90.0, 40.0, 140.0, "events")},
        {**_CRIME, "aspect": "unit_cost", **_limits(22_222.0, 14_286.0, 50_000.0, "money")},
        {**_PEOPLE, "aspect": "effect", **_limits(-3.0, -9.0, 3.0, "points")}
        | {"verdict": "not_yet_known"},
        {**_PEOPLE, "aspect": "averted", **_limits(900.0, -900.0, 2_700.0, "people")},
        {**_PEOPLE, "aspect": "unit_cost", **_limits(2_222.0, 741.0, None, "money")},
    ]
    order = ["protocol", "outcome", "aspect", "value", "lower", "upper", "unit"]
    order += ["places", "compared", "verdict"]
    table = pd.DataFrame(rows)[order]
    floats = dict.fromkeys(("value", "lower", "upper"), float)
    return table.astype({"places": "Int64", "compared": "Int64", **floats})


def evaluation_time() -> pd.DataFrame:
    rows = [("crime", k, -9.0 - 3 * k, -20.0 - 3 * k, 2.0 - 3 * k) for k in range(4)]
    rows += [("perception", k, -3.0, -11.0, 5.0) for k in range(2)]
    table = pd.DataFrame(rows, columns=["outcome", "since", "value", "lower", "upper"])
    table.insert(0, "protocol", ID)
    return table.astype({"since": "Int64"})


def evaluation_facts() -> pd.DataFrame:
    rows = [
        ("title", None, "Barrios en marcha"),
        ("question", None, "¿Baja el robo?"),
        ("groups", None, "robbery theft"),
        ("indicator", None, "insecurity"),
        ("comparison", None, "las que no entran"),
        ("looks", None, "2025-12"),
        ("minimum-effect", 10.0, None),
        ("level", 0.975, None),
        ("cost", 2_000_000.0, "MXN"),
        ("actions-planned", 1.0, None),
        ("sealed-on", None, "2023-12-01"),
        ("digest", None, "ab" * 32),
        ("deviation-colonias", None, '{"entered": 40, "planned": 42}'),
        ("actions", 480.0, None),
        ("actions-per-month", 0.8, None),
        ("colonias-reached", 0.95, None),
        ("needed-times", 2.5, None),
    ]
    table = pd.DataFrame(rows, columns=["fact", "number", "said"])
    table.insert(0, "protocol", ID)
    return table.astype({"number": float, "said": "str"})


def evaluation_tables() -> dict[str, pd.DataFrame]:
    return {
        "evaluation": evaluation(),
        "evaluation_time": evaluation_time(),
        "evaluation_facts": evaluation_facts(),
    }
