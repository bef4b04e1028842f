"""Letters with the printed fichas and the briefing, by SMTP."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from types import MappingProxyType

from labtools.errors import SettingsError
from labtools.messages import text

_PAUSES = (2.0, 10.0, 30.0)  # seconds before each new try
_PATIENCE = 30
#: What no new try mends: a wrong password, a line that cannot be encrypted, a false server.
_NEVER = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    ssl.SSLCertVerificationError,
)
_KINDS = MappingProxyType({".pdf": "application/pdf", ".png": "image/png"})
_UNKNOWN = "application/octet-stream"
_GROWTH = 1.37  # what a file weighs as text of a letter, against itself
Refused = dict[str, tuple[int, bytes]]


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
    refused : tuple of str
        Addresses that were refused where others were not; they are on no record.
    """

    ok: bool
    tries: int
    reason: str = ""
    refused: tuple[str, ...] = ()


def compose_letter(
    post: Post, to: Sequence[str], *, subject: str, words: str, files: Sequence[Path]
) -> EmailMessage:
    """Return a letter with its attachments; several addressees do not see one another.

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
    letter["From"], letter["Subject"] = post.sender, subject
    if len(to) == 1:
        letter["To"] = to[0]
    else:  # nobody learns who else is on the list
        letter["To"], letter["Bcc"] = post.sender, ", ".join(to)
    letter["Message-ID"] = make_msgid(domain=post.sender.rpartition("@")[2] or "localhost")
    letter.set_content(words)
    for file in files:
        kind, form = _KINDS.get(file.suffix, _UNKNOWN).split("/")
        letter.add_attachment(file.read_bytes(), maintype=kind, subtype=form, filename=file.name)
    return letter


def shared_out(files: Sequence[Path], most: float) -> list[list[Path]]:
    """Return files in as few letters as hold them in their order, none heavier than `most` bytes.

    A file that is heavier alone has a letter of its own: the server may take it or not.
    """
    letters: list[list[Path]] = [[]]
    weight = 0.0
    for file in files:
        size = _GROWTH * file.stat().st_size
        if letters[-1] and weight + size > most:
            letters.append([])
            weight = 0.0
        letters[-1].append(file)
        weight += size
    return letters


def hand_in(
    post: Post, letter: EmailMessage, *, pause: Callable[[float], object] = time.sleep
) -> Sent:
    """Hand a letter in; a server that is away or busy is tried again, one that refuses is not.

    Where some addressees are refused the others have got it: it is not tried again, and it is
    not ok, as not everyone got it.  A server whose certificate does not prove who it is gets
    neither password nor letter.
    """
    reason = ""
    for tries, wait in enumerate((0.0, *_PAUSES), start=1):
        pause(wait)
        try:
            refused_some = _hand_in_once(post, letter)
        except (*_NEVER,) as never:
            return Sent(ok=False, tries=tries, reason=str(never))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as refused:
            codes = _codes(refused)
            reason = str(refused)
            if any(code >= 500 for code in codes):  # noqa: PLR2004 - SMTP's "never"
                return Sent(ok=False, tries=tries, reason=reason)
        except (OSError, smtplib.SMTPException) as away:
            reason = str(away)
        else:
            some = tuple(sorted(refused_some))
            return Sent(not some, tries, _some(refused_some), some)
    return Sent(ok=False, tries=1 + len(_PAUSES), reason=reason)


def letter_words(lab: str, period: str) -> str:
    """Return what the letter says: where the figures are from and what they do not say."""
    return text(
        "{lab} sends you the published figures. {period}. They are the public edition: rounded, "
        "with their intervals. Recorded crime is only what came to the authorities' notice.",
        lab=lab,
        period=period,
    )


def _hand_in_once(post: Post, letter: EmailMessage) -> Refused:
    field = letter["Bcc"] or letter["To"]
    to = [address.addr_spec for address in field.addresses]
    with smtplib.SMTP(post.server, post.port, timeout=_PATIENCE) as line:
        if post.encrypted:
            line.starttls(context=ssl.create_default_context())
        if post.user:
            line.login(post.user, post.password)
        return line.send_message(letter, to_addrs=to)


def _some(refused: Refused) -> str:
    """Return why not everyone got it, without addresses: the record keeps none."""
    if not refused:
        return ""
    codes = ", ".join(str(code) for code in sorted({code for code, _ in refused.values()}))
    return text(
        "refused for some addressees, {n} of them ({codes}); the others got it",
        n=len(refused),
        codes=codes,
    )


def _codes(refused: smtplib.SMTPException) -> list[int]:
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return [int(code) for code, _ in refused.recipients.values()]
    return [int(getattr(refused, "smtp_code", 0))]
