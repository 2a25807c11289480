"""What the nights would send, without writing anything."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.access import TenantCommand
from collection.models import Scenario
from collection.services.playbooks import Silence
from collection.services.replay import MOST_DAYS, Replay, replay
from collection.services.said import Said
from collection.services.scenarios import ensure_default_scenario
from core.money import amount_text
from integrations.queries.freshness import ledger_as_of

_WHY = {
    Silence.NOT_LIVE: "it is not live; name it with --scenario to see what it would say",
    Silence.DAY_OFF: "a day off",
    Silence.STALE_LEDGER: "the ledger is older than it allows",
}


class Command(TenantCommand):
    help = "Print the messages that the night of a day would propose, or all nights since a day; nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", required=True, metavar="DATE", help="the day, or the last one")
        parser.add_argument(
            "--since", metavar="DATE", help="the first day: each message counts as sent on its day, the ledger as fresh"
        )
        parser.add_argument("--scenario", metavar="NAME", help="only this one, as if it were live (its draft if any)")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self.day(options["on"])
        since = self.day(options["since"], "--since") if options["since"] else None
        if since is not None and not 0 <= (on - since).days < MOST_DAYS:
            raise CommandError(f"--since must be before --on, by less than {MOST_DAYS} days")
        with transaction.atomic():
            # The first night makes the usual scenario; until then it is shown as that night would find it.
            ensure_default_scenario(tenant=self.tenant, on=since or on)
            version = None
            if options["scenario"]:
                scenario = Scenario.objects.filter(name=options["scenario"]).first()
                if scenario is None:
                    known = ", ".join(Scenario.objects.order_by("name").values_list("name", flat=True))
                    raise CommandError(f"there is no scenario {options['scenario']!r}; there are: {known}")
                version = scenario.versions.select_related("scenario").order_by("-number").first()
            fresh = None if since else ledger_as_of()
            found = replay(tenant=self.tenant, on=on, since=since, version=version, ledger_as_of=fresh)
            transaction.set_rollback(True)
        name = options["scenario"]
        said = [one for one in found.said if not name or one.scenario == name]
        if options["json"]:
            self.print_json(
                {
                    "on": on.isoformat(),
                    "since": since and since.isoformat(),
                    "messages": [_json(one) for one in said],
                    "silent": [
                        {"scenario": scenario, "entity": entity and entity.code, "reason": str(why)}
                        for scenario, entity, why in found.silent
                        if not name or scenario == name
                    ],
                    **_left_out(found, name),
                }
            )
            return
        for one in said:
            amounts = ", ".join(f"{amount} {currency}" for currency, amount in one.amounts.items())
            to = one.recipient or one.missing or (one.channel or one.mode).lower()
            self.stdout.write(
                f"{one.on}  {one.customer.name}  {one.entity.code}  {one.scenario}: {one.step_name}  {amounts}  {to}"
            )
        for silent, entity, why in found.silent:
            if not name or silent == name:
                at = f" at {entity.code}" if entity else ""
                self.stdout.write(f"{silent} says nothing{at} on {on}: {_WHY[why]}")
        self.stdout.write(f"{len(said)} messages, {len(_left_out(found, name)['left_out'])} items left out on {on}")


def _json(one: Said) -> dict[str, Any]:
    return {
        "on": one.on.isoformat(),
        "customer": one.customer.ref,
        "customer_name": one.customer.name,
        "entity": one.entity.code,
        "scenario": one.scenario,
        "step": one.step_key,
        "channel": one.channel,
        "mode": one.mode,
        "kind": one.kind,
        "recipient": one.recipient,
        "cc": list(one.cc),
        "missing": one.missing,
        "items": [
            {
                "number": number,
                "due_date": due_date.isoformat(),
                "amount": amount_text(amount, currency),
                "currency": currency,
            }
            for number, due_date, currency, amount in one.items
        ],
        "amounts": {currency: amount_text(amount, currency) for currency, amount in one.amounts.items()},
        "netted": {currency: amount_text(amount, currency) for currency, amount in one.netted.items()},
        "new_deadline": one.new_deadline and one.new_deadline.isoformat(),
    }


def _left_out(found: Replay, name: str | None) -> dict[str, Any]:
    return {
        "left_out": [
            {
                "scenario": scenario,
                "number": one.item.number,
                "due_date": one.item.due_date.isoformat(),
                "reason": str(one.reason),
                "held": one.item.held,
                "until": one.until and one.until.isoformat(),
            }
            for _customer, _entity, scenario, one in found.left_out
            if not name or scenario == name
        ]
    }
