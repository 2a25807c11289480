"""Figures of a night: P7 (reminders planned), P17 (letters), P18 (e-mail reminders, from the facts to the mail server)."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
from celery.contrib.testing.worker import start_worker
from django.test import override_settings
from django.utils import timezone

from accounts.models import Tenant
from bench.by_hand import send_by_hand
from bench.database import as_owner
from bench.measure import Measurement, run_floor, seconds
from bench.reading import inside, large
from bench.scenarios import organisation
from bench.shape import UPTO, Size
from bench.sink import sink
from collection.models import Action, ActionLine, ScenarioVersion, Step
from collection.queries.candidates import candidates
from collection.rules.steps import OldItems, next_step
from collection.services.planning import plan_actions
from collection.services.playbooks import due_until, step_rules
from collection.services.scenarios import approve_go_live, ensure_default_scenario
from collection.services.sending import confirm_automatic
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from creditmgmt.celery import app
from desk.models import Channel, Message
from desk.services import outbox
from integrations import registry
from integrations.messaging_tasks import send_slice
from receivables.models import LedgerItem

ROUNDS = 5
MOST_REMINDERS = 2_000  # of a round
MOST_LETTERS = outbox.SLICE  # the engine starts once a slice
ORM_ROWS = 200


def measure_p7(size: Size) -> Iterator[Measurement]:
    """The night's plan: the step that each open item has reached, and one action for each customer."""
    tenant = large()
    with as_owner(autocommit=True) as owner:
        _go_live(tenant)
        times, ours, note = _planned(owner, tenant, "p7_dunning")
        yield Measurement("P7", "reminders planned and written", 2.5, *times, note=note)
        rate = [spent / ours * ORM_ROWS for spent in times[0]]
        _forget(owner)
        by_row = [_row_by_row(tenant) for _ in range(2)]
        yield Measurement("P7", f"{ORM_ROWS} of them / ORM row by row", 1 / 50, rate, by_row)
    yield from measure_p7_scenarios(size)


def measure_p7_scenarios(size: Size) -> Iterator[Measurement]:
    """The same where everything is overdue and each account follows one of ten scenarios, by rules."""
    tenant = organisation(size)
    with as_owner(autocommit=True) as owner:
        times, ours, note = _planned(owner, tenant, "p7_scenarios")
        if ours != (floors := _rows(owner, "bench_floor.action_line")):
            raise AssertionError(f"{ours} items are planned, not {floors}")
    yield Measurement("P7", "the same, all overdue, under ten scenarios", 2.5, *times, note=note)


def _planned(owner: psycopg.Connection, tenant: Tenant, floor: str) -> tuple[tuple[list[float], list[float]], int, str]:
    """The night's plan and the floor in turns: seconds of each, the items that were planned, and the counts in words."""
    params = {"tenant": tenant.id, "on": UPTO}
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        _forget(owner)
        run_floor(owner, "p7_tables", {})
        steps: list[Callable[[], Any]] = [partial(_plan, tenant), partial(run_floor, owner, floor, params)]
        spent = [0.0, 0.0]
        for place in (0, 1) if number % 2 else (1, 0):
            spent[place] = seconds(steps[place])
        if number:
            times[0].append(spent[0])
            times[1].append(spent[1])
    ours, floors = _rows(owner, "collection_actionline"), _rows(owner, "bench_floor.action_line")
    return times, ours, f"{ours} items in {_rows(owner, 'collection_action')} actions, floor {floors} items"


def measure_p17(size: Size) -> Iterator[Measurement]:
    """Letters from the outbox to the tray, beside the engine alone in this process."""
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    tenant = large()
    folder = tempfile.mkdtemp()
    try:
        with as_owner(autocommit=True) as owner, override_settings(DATA_DIR=folder):
            rounds = list(_queued(owner, tenant, channel=Channel.LETTER, most=MOST_LETTERS))
            times: tuple[list[float], list[float]] = ([], [])
            for number, actions in enumerate(rounds):
                with inside(tenant):
                    pages = list(Message.objects.filter(reason_id__in=actions).values_list("body_html", flat=True))

                def engine(pages: Sequence[str] = pages) -> None:
                    fonts = FontConfiguration()
                    for page in pages:
                        HTML(string=page).write_pdf(font_config=fonts)

                spent = seconds(partial(_drain, tenant, Channel.LETTER, len(actions))), seconds(engine)
                if number:
                    times[0].append(spent[0])
                    times[1].append(spent[1])
            note = f"{len(rounds[0])} a round, one process each"
            yield Measurement("P17", "letters: outbox to tray / engine alone", 1 / 0.7, *times, note=note)
    finally:
        shutil.rmtree(folder)


def measure_p18(size: Size) -> Iterator[Measurement]:
    """E-mail reminders from their facts to accepted, beside a loop by hand over one connection, to the same sink."""
    tenant = large()
    times: tuple[list[float], list[float]] = ([], [])
    with as_owner(autocommit=True) as owner, sink() as taken:
        rounds = list(_queued(owner, tenant, channel=Channel.EMAIL, most=MOST_REMINDERS))
        with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=taken.port, EMAIL_USE_TLS=False, DEMO_MAILBOX=True):
            *in_turns, last = rounds
            for number, actions in enumerate(in_turns):
                steps = [
                    partial(_drain, tenant, Channel.EMAIL, len(actions)),
                    partial(send_by_hand, owner, tenant=tenant.id, actions=actions, on=UPTO, port=taken.port),
                ]
                spent = [0.0, 0.0]
                for place in (0, 1) if number % 2 else (1, 0):
                    spent[place] = seconds(steps[place])
                if number:
                    times[0].append(spent[0])
                    times[1].append(spent[1])
            queued, slices = _through_the_queue(owner, tenant, last)
    sent = sum(map(len, rounds)) + sum(map(len, in_turns))
    if (taken.messages, taken.message_ids) != (sent, sent):
        raise AssertionError(f"{taken.messages} messages arrived under {taken.message_ids} ids, not {sent}")
    note = f"{len(last)} a round"
    yield Measurement("P18", "e-mail reminders: outbox to accepted", 1 / 0.6, *times, note=note)
    note = f"{len(slices)} slices by a worker; floor: the time within them"
    yield Measurement("P18", "the same through the queue", 1.05, [queued], [sum(slices)], note=note)


def _through_the_queue(owner: psycopg.Connection, tenant: Tenant, actions: Sequence[UUID]) -> tuple[float, list[float]]:
    """Have a worker send the messages of these actions; the seconds it took, and those of each slice."""
    owner.execute("UPDATE desk_message SET not_before = now() + interval '1 day' WHERE state = 'DUE'")
    # Names of its own at the broker: another worker of this machine must not take our slices, nor we take others'.
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "global_keyprefix": "bench."}
    slices: list[float] = []
    drain = outbox.drain

    def timed(**arguments: Any) -> int:
        began = time.perf_counter()
        count = drain(**arguments)
        slices.append(time.perf_counter() - began)
        return count

    def left() -> bool:
        with inside(tenant):
            return Message.objects.filter(reason_id__in=actions, state__in=outbox.WAITING).exists()

    with patch.object(outbox, "drain", timed), start_worker(app, perform_ping_check=False, loglevel="ERROR"):
        # A worker runs for weeks: its first task, which opens the connection to the database, finds nothing to send.
        task = {"tenant": str(tenant.id), "channel": Channel.EMAIL.value}
        send_slice.apply_async(kwargs=task)
        while not slices:
            time.sleep(0.02)
        slices.clear()
        owner.execute("UPDATE desk_message SET not_before = now() WHERE reason_id = ANY(%s)", [list(actions)])
        began = time.perf_counter()
        send_slice.apply_async(kwargs=task)
        while left():
            time.sleep(0.02)
        return time.perf_counter() - began, slices


def _go_live(tenant: Tenant) -> ScenarioVersion:
    """The default scenario, confirmed by itself, on any day; every item starts at its first step."""
    with inside(tenant):
        version = ensure_default_scenario(tenant=tenant, on=UPTO)
        ScenarioVersion.objects.update(working_days_only=False, stale_after_days=None)
        # Also the formal notice, which would wait for an approval: what is measured is how fast it goes.
        Step.objects.update(mode=Step.Mode.AUTOMATIC, kind=Step.Kind.REMINDER)
        if version.live_from is None:
            approve_go_live(
                version=version, old_items=OldItems.FIRST_STEP, live_from=UPTO, approved_by=None, actor=SYSTEM
            )
    return version


def _plan(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        plan_actions(tenant=tenant, on=UPTO)


def _forget(owner: psycopg.Connection) -> None:
    """No action and no message, as before the first night."""
    owner.execute("TRUNCATE collection_action, collection_actionline, desk_message, desk_event CASCADE")


def _rows(owner: psycopg.Connection, table: str) -> int:
    [count] = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or [0]
    return int(count)


def _row_by_row(tenant: Tenant) -> float:
    """Seconds for ORM_ROWS items, each read, decided and saved with its action in a transaction of its own."""
    with inside(tenant):
        version = ensure_default_scenario(tenant=tenant, on=UPTO)
        steps, by_key = step_rules(version), {step.step_key: step for step in version.steps.all()}
        items = list(islice(candidates(on=UPTO, due_until=due_until(steps, UPTO)), 3 * ORM_ROWS))

    def save(item_id: UUID) -> bool:
        item = LedgerItem.objects.select_related("customer", "entity").get(id=item_id)
        done = {line.step_key: line.on for line in item.action_lines.all()}
        step = next_step(steps=steps, due_date=item.due_date, done=done, is_pending=False, on=UPTO).step
        if step is None:
            return False
        action, _new = Action.objects.get_or_create(
            customer=item.customer, entity=item.entity, version=version, on=UPTO,
            defaults={"step": by_key[step.step_key], "channel": "EMAIL", "proposed_since": UPTO},
        )  # fmt: skip
        action.amounts = {"EUR": str(Decimal(action.amounts.get("EUR", 0)) + item.open_amount)}
        action.save()
        ActionLine.objects.create(
            action=action, item=item, customer_id=item.customer_id, step_key=step.step_key, on=UPTO,
            currency=item.currency, open_amount=item.open_amount,
        )  # fmt: skip
        return True

    def all_of_them() -> None:
        saved = 0
        for item in items:
            with inside(tenant):
                saved += save(item.item_id)
            if saved == ORM_ROWS:
                break

    return seconds(all_of_them)


def _queued(owner: psycopg.Connection, tenant: Tenant, *, channel: str, most: int) -> Iterator[list[UUID]]:
    """Plan and confirm the day's reminders for this channel; the actions of each round, in the outbox's order.

    One round more than counts, for the first is slow, and for e-mail one for the queue.
    """
    _go_live(tenant)
    _forget(owner)
    for statement in _REACHABLE:
        owner.execute(statement.encode(), [tenant.id])
    with inside(tenant):
        Step.objects.update(channel=channel)
    _plan(tenant)
    if channel == Channel.LETTER:
        _keep_few(owner, tenant, most * (ROUNDS + 1))
    with tenant_scope(tenant):
        confirm_automatic(on=UPTO, now=timezone.now())
    owner.execute("VACUUM ANALYZE desk_message, collection_action, collection_actionline")
    with inside(tenant):
        waiting = list(Message.objects.order_by("not_before", "id").values_list("reason_id", flat=True))
    count = ROUNDS + 2 if channel == Channel.EMAIL else ROUNDS + 1
    of_round = min(most, len(waiting) // count)
    for number in range(count):
        yield waiting[number * of_round : (number + 1) * of_round]


_REACHABLE = (
    "UPDATE receivables_customer SET email = 'ap@' || lower(ref) || '.example', street = '1 rue de la Paix', "
    "postal_code = '75002', city = 'Paris' WHERE tenant_id = %s AND email = ''",
    "UPDATE receivables_entity SET email = 'credit@bench.example', street = '2 rue Neuve', postal_code = '69001', "
    "city = 'Lyon', iban = 'FR7630006000011234567890189' WHERE tenant_id = %s AND email = ''",
)


def _keep_few(owner: psycopg.Connection, tenant: Tenant, count: int) -> None:
    kept = "(SELECT id FROM collection_action WHERE tenant_id = %(tenant)s ORDER BY id LIMIT %(count)s)"
    values = {"tenant": tenant.id, "count": count}
    owner.execute(f"DELETE FROM collection_actionline WHERE action_id NOT IN {kept}".encode(), values)
    owner.execute(f"DELETE FROM collection_action WHERE id NOT IN {kept}".encode(), values)


def _drain(tenant: Tenant, channel: str, count: int) -> None:
    """Send so many messages in slices, as the task does."""
    left = count
    while left:
        with tenant_scope(tenant):
            done = outbox.drain(
                channel=channel,
                transport=registry.transport(channel=channel, tenant=tenant),
                reasons=partial(registry.reasons, on=UPTO),
                size=min(left, outbox.SLICE),
            )
        if not done:
            raise AssertionError(f"{left} of {count} messages do not leave")
        left -= done
