"""What a text is a sign of, and the code of an event that only its narrative tells."""

import numpy as np
import pandas as pd
import pytest

from labtools.classify.crosswalk import crime_groups
from labtools.classify.factors import code_factors, complete_by_narrative, factors_by_rule
from labtools.errors import TableError
from labtools.messages import speaking
from labtools.tables.contracts import check_table, empty_table

SIGNS = {
    "Persona en estado de ebriedad en la vía pública": "factor_7",
    "Inhala solventes en el puente": "factor_7",
    "Su pareja la golpeó y la insultó": "factor_8",
    "VIOLENCIA FAMILIAR": "factor_8",
    "Luminaria fundida": "factor_4",
    "Lote baldío con basura": "factor_4",
    "Conflicto entre vecinos por ruido": "factor_5",
    "Perros callejeros": "none",
    "Franelero aparta lugares": "factor_3",
    "Persona en situación de calle": "factor_2",
    "Ya no asiste: dejó la escuela": "factor_6",
    "Le quitaron su cartera": "unclassified",
    "Celebridad en el parque": "unclassified",  # holds EBRI inside a word
}
#: Two ways of telling, of words that they do not share.
DRUNK = "Grita con una botella de {} en la mano junto al {}"
DARK = "No sirve el foco de {} y nadie camina por {}"
SOUNDS = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru")
FILLINGS = [f"{one}{other}na" for one in SOUNDS for other in SOUNDS[:5] if one != other]
FILLINGS = FILLINGS[:45]


def texts(form):
    return [form.format(word, word) for word in FILLINGS]


def codings(told):
    table = pd.DataFrame(told, columns=["subject", "factor"])
    return check_table("factor_codings", table.assign(coder="A").astype("str"))


@pytest.mark.parametrize("text", SIGNS)
def test_rules_name_the_factor_that_a_text_is_a_sign_of(text):
    assert factors_by_rule(pd.Series([text]))[0] == SIGNS[text]


def test_what_no_rule_names_is_told_by_a_person_then_by_the_model_or_waits():
    taught = [(it, "factor_7") for it in texts(DRUNK)] + [(it, "factor_4") for it in texts(DARK)]
    asked = pd.Series(
        [taught[0][0], DRUNK.format("sotina", "vaxena"), "Zxw qvt plomero", "Luminaria", None]
    )
    everything = pd.concat([asked, pd.Series([text for text, _ in taught])], ignore_index=True)

    found = code_factors(everything, codings(taught), confidence=0.9)

    told = found.codes.head(5)
    assert told["code_origin"].tolist() == ["person", "text_model", "nobody", "rule", "nobody"]
    assert told["crime_code"].tolist()[:2] == ["factor_7", "factor_7"]
    assert told["crime_code"].tolist()[2:4] == ["unclassified", "factor_4"]
    assert found.queue["subject"].tolist() == ["Zxw qvt plomero"]


def test_without_texts_that_somebody_coded_everything_waits():
    found = code_factors(pd.Series(texts(DRUNK)), empty_table("factor_codings"), confidence=0.9)

    assert set(found.codes["code_origin"]) == {"nobody"}
    assert len(found.queue) == len(FILLINGS)


def test_a_factor_that_there_is_none_of_is_refused():
    with speaking("en"), pytest.raises(TableError, match=r"1 codings give a factor.*factor_9"):
        code_factors(pd.Series(["x"]), codings([("x", "factor_9")]), confidence=0.9)


def coded(n, code, origin):
    groups = crime_groups()
    return pd.DataFrame(
        {
            "crime_code": code,
            "crime_group": groups[code],
            "code_origin": origin,
            "code_confidence": np.nan,
        },
        index=range(n),
    )


def test_an_event_of_unknown_subject_is_coded_by_its_narrative_only_where_that_is_sure():
    known = [coded(45, code, "rule") for code in ("street_robbery", "fraud")]
    codes = pd.concat([*known, coded(3, "unclassified", "nobody")], ignore_index=True)
    narratives = pd.Series(
        [*texts(DRUNK), *texts(DARK), DARK.format("sotina", "vaxena"), "Zxw qvt plomero", None]
    )

    done = complete_by_narrative(codes, narratives, groups=dict(crime_groups()), confidence=0.9)

    assert done["crime_code"].tolist()[-3:] == ["fraud", "unclassified", "unclassified"]
    assert done["code_origin"].tolist()[-3:] == ["text_model", "nobody", "nobody"]
    pd.testing.assert_frame_equal(done.iloc[:90], codes.iloc[:90])
