"""What no rule names: persons first, then the model where it is sure, else the queue."""

import pandas as pd
import pytest

from labtools.classify import unnamed
from labtools.classify.crosswalk import classify_subjects, crime_groups, load_crosswalk
from labtools.classify.unnamed import agreed_codes, code_unnamed
from labtools.errors import TableError
from labtools.messages import speaking
from labtools.tables.contracts import check_table, empty_table

KNOWN = [
    f"{what} {where} {how} VIOLENCIA"
    for what in ("ROBO A CASA HABITACION", "ROBO A NEGOCIO", "ROBO DE VEHICULO")
    for where in ("NORTE", "SUR", "CENTRO", "PONIENTE", "ORIENTE", "EN LA NOCHE")
    for how in ("CON", "SIN")
]


def coded(subjects, codings=None, confidence=0.9):
    told = pd.Series(subjects, dtype="str")
    rules = classify_subjects(told, load_crosswalk("fgj"))
    found = code_unnamed(
        told,
        rules,
        groups=crime_groups(),
        codings=empty_table("codings") if codings is None else codings,
        confidence=confidence,
    )
    check_table("coding_queue", found.queue)
    return found


def codings(*rows):
    return pd.DataFrame(rows, columns=["subject", "crime_code", "coder"]).astype("str")


def test_rules_stand_and_what_they_do_not_name_waits_for_a_person():
    found = coded(["AMENAZAS", "COSA RARA", "COSA RARA", None])

    assert found.codes["crime_code"].tolist() == ["threats", *["unclassified"] * 3]
    assert found.codes["code_origin"].tolist() == ["rule", *["nobody"] * 3]
    assert found.queue[["subject", "events"]].to_numpy().tolist() == [["COSA RARA", 2]]


def test_what_a_person_decided_holds_for_every_way_of_writing_it():
    found = coded(["Cosa  Rára"], codings(("COSA RARA", "fraud", "A")))

    assert found.codes.iloc[0].tolist()[:3] == ["fraud", "other", "person"]
    assert found.queue.empty


def test_persons_who_disagree_have_decided_nothing():
    told = codings(("X", "fraud", "A"), ("x", "extortion", "B"), ("Y", "fraud", "A"))

    assert agreed_codes(told).to_dict() == {"Y": "fraud"}


def test_a_person_does_not_overrule_a_rule():
    found = coded(["AMENAZAS"], codings(("AMENAZAS", "fraud", "A")))

    assert found.codes["crime_code"].tolist() == ["threats"]


def test_a_code_that_is_not_ours_is_refused():
    with speaking("en"), pytest.raises(TableError, match="first is robo"):
        coded(["X"], codings(("X", "robo", "A")))


def model_says(monkeypatch, code, confidence, sensitive=0.0):
    """Let the model say what a test needs of each subject."""
    classes = ("home_burglary", "sexual_violence")

    def predict(_, subjects, **__):
        said = {"code": code, "confidence": confidence, "second": "fraud", "sure": True}
        return pd.DataFrame([said] * len(subjects), index=subjects.index)

    def chance(_, subjects):
        row = dict(zip(classes, (1 - sensitive, sensitive), strict=True))
        return pd.DataFrame([row] * len(subjects), index=subjects.index)

    model = type("Model", (), {"classes": classes})
    monkeypatch.setattr(unnamed, "fit_text_model", lambda *_, **__: model)
    monkeypatch.setattr(unnamed, "predict_codes", predict)
    monkeypatch.setattr(unnamed, "probabilities", chance)
    monkeypatch.setattr(unnamed, "deciding_words", lambda *_: ("casa",))


def test_what_the_model_is_sure_of_is_coded_and_says_so(monkeypatch):
    model_says(monkeypatch, "home_burglary", 0.97)

    found = coded(["HURTO EN CASA"])

    assert found.codes.iloc[0].tolist() == ["home_burglary", "theft", "text_model", 0.97]
    assert found.queue.empty


def test_what_may_be_a_sensitive_crime_is_never_coded_as_another(monkeypatch):
    model_says(monkeypatch, "home_burglary", 0.97, sensitive=0.03)

    found = coded(["HURTO EN CASA"])

    assert found.codes["code_origin"].tolist() == ["nobody"]
    assert found.codes["crime_group"].tolist() == ["unclassified"]
    assert found.queue.iloc[0][["suggested", "deciding_words"]].tolist() == [
        "home_burglary",
        "casa",
    ]


def test_few_subjects_coded_by_rules_are_nothing_to_learn_from_and_all_wait():
    found = coded(["ROBO A NEGOCIO CON VIOLENCIA", "HURTO"])

    assert found.queue["suggested"].isna().all()


def test_the_queue_begins_with_what_is_frequent_and_doubtful():
    found = coded([*KNOWN, *["HURTO EN CASA HABITACION SIN VIOLENCIA"] * 2, *["QUIEN SABE"] * 9])

    assert found.queue["subject"].tolist()[0] == "QUIEN SABE"
    assert found.queue["priority"].is_monotonic_decreasing
    assert found.queue["suggested"].isin(list(crime_groups())).all()


def test_no_subject_is_lost_and_each_has_one_code():
    subjects = [*KNOWN, "QUIEN SABE", None]

    found = coded(subjects)

    assert len(found.codes) == len(subjects)
    assert found.codes[["crime_code", "crime_group", "code_origin"]].notna().all(axis=None)
