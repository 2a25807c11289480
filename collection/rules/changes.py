"""What a second look at a message found otherwise than it had been composed: entries that a page puts in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Fact = Mapping[str, Any]


def changes_between(
    *,
    before: Sequence[Fact],
    after: Sequence[Fact],
    recipients: tuple[str, str],
    files: tuple[Sequence[Fact], Sequence[Fact]],
) -> list[dict[str, Any]]:
    """Entries {"what", ...}: items that are gone, came, or owe another amount; another recipient; files that came or went.

    Facts are {"item", "number", "open_amount", "currency"}, negative for what is in credit; `recipients` and `files`
    are those before and after.
    """
    out: list[dict[str, Any]] = []
    old, new = ({fact["item"]: fact for fact in facts if "item" in fact} for facts in (before, after))
    for item, fact in old.items():
        now = new.get(item)
        if now is None:
            out.append({"what": "gone", "number": fact["number"]})
        elif now["open_amount"] != fact["open_amount"]:
            amounts = {"from": fact["open_amount"], "to": now["open_amount"], "currency": now["currency"]}
            out.append({"what": "amount", "number": fact["number"], **amounts})
    out += [{"what": "new", "number": fact["number"]} for item, fact in new.items() if item not in old]
    if recipients[0] != recipients[1]:
        out.append({"what": "recipient", "from": recipients[0], "to": recipients[1]})
    kept, found = ([_name(one) for one in side if "missing" not in one] for side in files)
    out += [{"what": "file_gone", "number": name} for name in kept if name not in found]
    out += [{"what": "file_new", "number": name} for name in found if name not in kept]
    return out


def _name(file: Fact) -> str:
    return str(file.get("name") or file["kind"])
