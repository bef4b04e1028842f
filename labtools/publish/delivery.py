"""Letters with the printed fichas and the briefing, by SMTP."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

from labtools.errors import SettingsError
from labtools.messages import text

_PAUSES = (2.0, 10.0, 30.0)  # seconds before each new try
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Post:
    """Where letters are handed in.

    Attributes
    ----------
    server : str
    port : int
    sender : str
        Address that letters are from.
    user, password : str
        Empty where the server asks for none.
    encrypted : bool
        Whether the line is encrypted (STARTTLS) before anything is said.
    """

    server: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    encrypted: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """How a letter fared.

    Attributes
    ----------
    ok : bool
    tries : int
    reason : str
        Why it was not taken; empty where it was.
    """

    ok: bool
    tries: int
    reason: str = ""


def compose_letter(
    post: Post, to: Sequence[str], *, subject: str, words: str, files: Sequence[Path]
) -> EmailMessage:
    """Return a letter with its attachments.

    Raises
    ------
    SettingsError
        If an address or the subject holds a line break: it would forge a header.
    """
    forged = [said for said in (*to, post.sender, subject) if "\n" in said or "\r" in said]
    if forged:
        raise SettingsError(
            "The address or subject “{said}” holds a line break. Write it in one line in lab.toml.",
            said=" ".join(forged[0].split()),
        )
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = post.sender, ", ".join(to), subject
    letter["Message-ID"] = make_msgid(domain=post.sender.rpartition("@")[2] or "localhost")
    letter.set_content(words)
    for file in files:
        letter.add_attachment(
            file.read_bytes(), maintype="application", subtype="pdf", filename=file.name
        )
    return letter


def hand_in(
    post: Post, letter: EmailMessage, *, pause: Callable[[float], object] = time.sleep
) -> Sent:
    """Hand a letter in; a server that is away or busy is tried again, one that refuses is not."""
    reason = ""
    for tries, wait in enumerate((0.0, *_PAUSES), start=1):
        pause(wait)
        try:
            _hand_in_once(post, letter)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as refused:
            codes = _codes(refused)
            reason = str(refused)
            if any(code >= 500 for code in codes):  # noqa: PLR2004 - SMTP's "never"
                return Sent(ok=False, tries=tries, reason=reason)
        except (OSError, smtplib.SMTPException) as away:
            reason = str(away)
        else:
            return Sent(ok=True, tries=tries)
    return Sent(ok=False, tries=1 + len(_PAUSES), reason=reason)


def letter_words(lab: str, period: str) -> str:
    """Return what the letter says: where the figures are from and what they do not say."""
    return text(
        "{lab} sends you the published figures. {period}. They are the public edition: rounded, "
        "with their intervals. Recorded crime is only what was reported to the authorities.",
        lab=lab,
        period=period,
    )


def _hand_in_once(post: Post, letter: EmailMessage) -> None:
    with smtplib.SMTP(post.server, post.port, timeout=_PATIENCE) as line:
        if post.encrypted:
            line.starttls()
        if post.user:
            line.login(post.user, post.password)
        line.send_message(letter)


def _codes(refused: smtplib.SMTPException) -> list[int]:
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return [int(code) for code, _ in refused.recipients.values()]
    return [int(getattr(refused, "smtp_code", 0))]
