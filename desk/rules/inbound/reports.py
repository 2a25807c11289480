"""Mail that no person wrote: reports of a server that could not deliver, and answers of an absent person's program."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from desk.rules.inbound.days import days_in
from desk.rules.inbound.mail import Mail
from desk.rules.inbound.meaning import sentences

# Failed for good is not wrong for good: a full mailbox, a mail too large, a server's policy say nothing of the address.
_ADDRESS_CODES = ("5.1.", "5.2.1", "5.4.4", "5.7.13", "5.0.0")
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|microsoftexchange[0-9a-f]*)@", re.I)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[a-z0-9.-]{1,255}\.[a-z]{2,24}", re.I)
_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_UNKNOWN = re.compile(
    r"user unknown|unknown user|no such user|does not exist|mailbox (?:not found|unavailable)|address rejected|"
    r"recipient (?:not found|rejected)|n'existe pas|adresse (?:inconnue|introuvable)|unbekannt|existiert nicht",
    re.I,
)
_FAILED = re.compile(
    r"undeliver|delivery (?:status notification \(failure|has failed|failure)|failure notice|returned mail|mail delivery "
    r"(?:failed|subsystem)|non remis|non distribu|échec de (?:la )?(?:remise|distribution)|unzustellbar|nicht zugestellt",
    re.I,
)
_ABSENT_SUBJECT = re.compile(
    r"^(?:re ?: ?|aw ?: ?)?(?:out of (?:the )?office|auto(?:matic)?[ -]?reply|autoreply|réponse automatique|"
    r"reponse automatique|absence\b|absent|abwesenheit|abwesend|automatische antwort|abwesenheitsnotiz|on (?:leave|vacation)|"
    r"en congés?|urlaub)",
    re.I,
)
_ABSENT = re.compile(
    r"\bout of (?:the )?office\b|\bon (?:annual |parental |sick |maternity )?leave\b|\bon (?:vacation|holiday)s?\b|"
    r"\bje suis (?:actuellement )?(?:absente?|en congés?|en vacances|en déplacement)\b|\bactuellement absente?\b|"
    r"\bde retour le\b|\bbin (?:ich )?(?:derzeit |zurzeit |momentan |bis )?[^.\n]{0,60}(?:nicht im (?:büro|haus)|abwesend|im urlaub)"
    r"|\bim urlaub\b|\bnicht im büro\b|\bwieder (?:erreichbar|im büro|für sie da)\b|\b(?:i will|i'll) be (?:back|returning)\b|"
    r"\bback (?:in the office )?on\b|\bwerde? .{0,20}\bzurück\b|\bmon (?:absence|retour)\b|\blimited access to (?:my )?e?-?mail",
    re.I,
)
_NOTED = re.compile(
    r"\b(?:nous accusons réception|a bien été (?:reçue?|enregistrée?|prise? en compte)|we have received your (?:message|e-?mail|"
    r"request)|your (?:request|ticket) has been|a ticket has been|eingangsbestätigung|ist bei uns eingegangen|"
    r"ne pas répondre à ce|do not reply to this|nicht auf diese e-?mail)",
    re.I,
)
_RETURN = re.compile(
    r"retour|return|back|jusqu|until|till|bis\b|zurück|wieder|au\b|reprendr|à partir|ab dem|from", re.I
)
LONGEST_ABSENCE = timedelta(days=400)


@dataclass(frozen=True)
class Delivery:
    """What a server says of a message of ours. `is_final`: it gave up. `is_hard`: the address itself is wrong."""

    recipient: str
    status: str
    is_final: bool
    is_hard: bool
    text: str


def delivery_of(mail: Mail) -> Delivery | None:
    """What a delivery report says, of the recipient that failed first (RFC 3464); None for any other mail.

    Reports without the standard's fields are known by who sends them and by their words.
    """
    for fields in sorted(mail.report, key=lambda one: one.get("action", "").lower() != "failed"):
        action = fields.get("action", "").lower()
        status = (_CODE.search(fields.get("status", "")) or [""])[0]
        recipient = _address(fields.get("original-recipient", "")) or _address(fields.get("final-recipient", ""))
        said = fields.get("diagnostic-code", "").partition(";")[2].strip() or fields.get("diagnostic-code", "")
        if action in ("delivered", "relayed", "expanded") or not recipient:
            continue
        is_final = action == "failed" or (not action and status.startswith("5"))
        return Delivery(recipient, status, is_final, is_final and _is_hard(status, said), said[:300])
    if mail.report or not (_DAEMON.match(mail.sender) and (_FAILED.search(mail.subject) or _FAILED.search(mail.text))):
        return None
    status = (_CODE.search(mail.text) or [""])[0]
    found = [address for address in _ADDRESS.findall(mail.text) if not _DAEMON.match(address)]
    recipient = found[0].lower() if found else ""
    return Delivery(recipient, status, True, _is_hard(status, mail.text), mail.text[:300])


def _is_hard(status: str, said: str) -> bool:
    if status.startswith(_ADDRESS_CODES) and not status.startswith(("5.1.7", "5.1.8")):
        return status != "5.0.0" or bool(_UNKNOWN.search(said))
    return not status and bool(_UNKNOWN.search(said))


def _address(text: str) -> str:
    found = _ADDRESS.search(text.rpartition(";")[2])
    return found[0].lower() if found else ""


def is_automatic(mail: Mail, new_text: str) -> bool:
    """Whether a program answered for a person: its headers and its words say so, or its subject alone does.

    Headers alone are not enough: programs of support desks mark what people write in them.
    """
    if _ABSENT_SUBJECT.search(mail.subject):
        return True
    said = f"{mail.subject}\n{new_text[:3000]}"
    return bool(mail.auto) and bool(_ABSENT.search(said) or _NOTED.search(said))


def returns_on(text: str, *, on: date) -> date | None:
    """The day from which an absent person is back, as an automatic answer of the day `on` says; None: not said.

    "until the 14th" and "from the 10th to the 14th" give the 14th: the last day named that lies ahead counts.
    """
    found = [
        day
        for line in sentences(text[:3000])
        if _RETURN.search(line) or _ABSENT.search(line)
        for day in days_in(line, on=on)
        if on <= day <= on + LONGEST_ABSENCE
    ]
    return max(found, default=None)
