"""Letters handed in to a real server of this machine."""

import smtplib
import socket
import ssl

import pytest

from labtools.errors import SettingsError
from labtools.publish.delivery import Post, compose_letter, hand_in

controller = pytest.importorskip("aiosmtpd.controller")


class Box:
    """A letter box: refuses what it was told to refuse, and keeps the rest."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.letters = list(answers), []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.letters.append(envelope)
        return answer

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - as above
        if address.startswith("nadie@"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def served():
    boxes = []

    def serve(*answers: str):
        box = Box(*answers)
        with socket.create_server(("127.0.0.1", 0)) as door:
            port = door.getsockname()[1]
        running = controller.Controller(box, hostname="127.0.0.1", port=port)
        running.start()
        boxes.append(running)
        return box, Post("127.0.0.1", port, "lab@municipio.example", encrypted=False)

    yield serve
    for running in boxes:
        running.stop()


@pytest.fixture
def pdf(tmp_path):
    file = tmp_path / "ficha.pdf"
    file.write_bytes(b"%PDF-1.7 ficha")
    return file


def letter(post, pdf, to=("obras@municipio.example",)):
    return compose_letter(post, to, subject="Cifras de Peñuelas", words="Ñandú", files=[pdf])


def test_a_letter_arrives_with_its_words_and_its_files(served, pdf):
    box, post = served()

    sent = hand_in(post, letter(post, pdf), pause=lambda _: None)

    assert (sent.ok, sent.tries) == (True, 1)
    assert box.letters[0].rcpt_tos == ["obras@municipio.example"]
    assert b"ficha.pdf" in box.letters[0].content
    assert b"JVBERi0xLjcgZmljaGE=" in box.letters[0].content


def test_a_busy_server_is_tried_again_after_longer_and_longer_pauses(served, pdf):
    box, post = served("451 busy", "451 busy")
    waited = []

    sent = hand_in(post, letter(post, pdf), pause=waited.append)

    assert (sent.ok, sent.tries) == (True, 3)
    assert waited == sorted(waited)
    assert len(box.letters) == 1


def test_an_unknown_recipient_is_not_tried_again(served, pdf):
    box, post = served()

    sent = hand_in(post, letter(post, pdf, ["nadie@municipio.example"]), pause=lambda _: None)

    assert (sent.ok, sent.tries) == (False, 1)
    assert "550" in sent.reason
    assert box.letters == []


def test_addressees_do_not_see_one_another_and_who_was_refused_is_told(served, pdf):
    box, post = served()
    to = ["obras@municipio.example", "nadie@municipio.example", "salud@municipio.example"]

    sent = hand_in(post, letter(post, pdf, to), pause=lambda _: None)

    assert (sent.ok, sent.tries) == (False, 1)
    assert sent.refused == ("nadie@municipio.example",)
    assert "550" in sent.reason
    assert "@" not in sent.reason
    assert len(box.letters) == 1
    assert box.letters[0].rcpt_tos == [to[0], to[2]]
    assert not any(address.encode() in box.letters[0].content for address in to)


def test_the_certificate_of_an_encrypted_server_is_proved(monkeypatch, pdf):
    asked = {}

    class Line:
        def __init__(self, *_args, **_more):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            return None

        def starttls(self, *, context):
            asked["mode"], asked["name"] = context.verify_mode, context.check_hostname

        def login(self, *_who):
            raise smtplib.SMTPAuthenticationError(535, b"wrong password")

    monkeypatch.setattr(smtplib, "SMTP", Line)
    post = Post("correo.example", 587, "lab@municipio.example", "lab", "falsa")

    sent = hand_in(post, letter(post, pdf), pause=lambda _: None)

    assert asked == {"mode": ssl.CERT_REQUIRED, "name": True}
    assert (sent.ok, sent.tries) == (False, 1)
    assert "535" in sent.reason


def test_a_server_that_is_away_is_told_after_all_tries(pdf):
    post = Post("127.0.0.1", 1, "lab@municipio.example", encrypted=False)

    sent = hand_in(post, letter(post, pdf), pause=lambda _: None)

    assert (sent.ok, sent.tries) == (False, 4)
    assert sent.reason


def test_no_password_goes_over_a_line_that_is_not_encrypted(served, pdf):
    box, plain = served()
    asking = Post(plain.server, plain.port, plain.sender, "lab", "secreto", encrypted=True)

    sent = hand_in(asking, letter(asking, pdf), pause=lambda _: None)

    assert not sent.ok
    assert box.letters == []


@pytest.mark.parametrize("forged", ["a@b.example\nBcc: todos@b.example", "a@b.example\r\nX: y"])
def test_an_address_cannot_forge_a_header(served, pdf, forged):
    _, post = served()

    with pytest.raises(SettingsError, match=r"b\.example"):
        letter(post, pdf, [forged])
