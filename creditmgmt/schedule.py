"""The night: one table of steps, run by `manage.py night`, by the beat at each organisation's own hour, and by a
sandbox's "next day". And the bells: what the beat does about work that is waiting.

A night for a day runs for that day only: steps are recomputed from facts, so the next one catches up what a missed one
would have done. Each step is a transaction or several of its own; killed anywhere, the night is run again and comes to
the same. A step that fails is recorded and the others go on, but nothing is planned on a ledger whose files did not come
in or whose sums could not be made: no reminder is better than a wrong one.
"""

import logging
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.access import business_today
from accounts.models import Tenant
from accounts.services.organisations import ClockNotMovable, set_sandbox_clock
from collection.services.delivery_notes import write_delivery_notes
from collection.services.digests import write_digests
from collection.services.disputes import remind_owners
from collection.services.item_causes import decide_causes
from collection.services.legal_cases import DOSSIERS
from collection.services.planning import plan_actions
from collection.services.reviewing import plan_reviews
from collection.services.sending import confirm_automatic
from collection.services.status_codes import ensure_status_codes
from collection.services.step_claims import catch_up_claims
from collection.services.terminal import lift_paid_stops
from collection.services.thanks import thank_for_payments
from collection.services.write_offs import settle_write_offs
from core import jobs
from core.audit import SYSTEM, Actor
from core.days import local_moment, today_in
from core.errors import Conflict, Invalid, Refusal
from core.models import JobRun
from core.services import forget_answers
from core.statistics import count_outgrown
from desk.services import outbox
from integrations.queries.freshness import ledger_as_of, unfinished
from integrations.services import mailboxes, runs
from integrations.services.connections import sync_connections
from receivables.services.matching_run import match_bank_lines, settle_with_books
from receivables.services.open_amounts import refresh_balances
from receivables.services.promises import decide_promises
from receivables.services.repairs import refuse_lost_documents, repair_open_amounts
from risk.services.profiles import refresh_profiles

JOB = "night"
# Between 00:00 and 04:00 clocks change; by then yesterday's books are closed and nobody works yet.
HOUR = time(5)
# A night with a failed step is tried again until then, so that people find it done.
LAST_HOUR = time(12)
TRY_AGAIN_AFTER = timedelta(minutes=30)
MOST_DAYS = 31

log = logging.getLogger(__name__)


class NightTooEarly(Conflict):
    code = "night_too_early"
    message = _("A later night has been run already: nights go forwards only.")


class NightInFuture(Invalid):
    code = "night_in_future"
    message = _("A night cannot be run before its day has come. Only a sandbox may look ahead.")


class SyncUnfinished(Conflict):
    code = "sync_unfinished"
    message = _("Not every file of the connections is in the ledger.")


@dataclass(frozen=True)
class Night:
    """What each step is told: whose night, of which business day, at which moment."""

    tenant: Tenant
    on: date
    now: datetime


@dataclass(frozen=True)
class NightStep:
    """One step: its work returns a count. It is left out when one of the steps that it `needs` did not end well."""

    name: str
    work: Callable[[Night], int]
    needs: tuple[str, ...] = ()


@dataclass
class NightRun:
    """What a night did: {"name", "count", "seconds"} a step, and "error" or "left_out" with the reason where it did not."""

    on: date
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def undone(self) -> list[dict[str, Any]]:
        return [step for step in self.steps if "error" in step or "left_out" in step]


def _sync(night: Night) -> int:
    """Files taken from the folders of connections. Fails while a file of the day is not in the ledger."""
    taken = sync_connections(on=night.on).taken
    with transaction.atomic():
        missing = [f"{run.connection}: {run.file_name} ({run.get_state_display()})" for run in unfinished(on=night.on)]
    if missing:
        raise SyncUnfinished(f"{SyncUnfinished.message} {'; '.join(missing)}")
    return taken


def _mail(night: Night) -> int:
    """Mails taken from mailboxes: what came in overnight is known before anything is planned."""
    return mailboxes.read_mailboxes(tenant=night.tenant, now=night.now)


def _bank(night: Night) -> int:
    """What was matched here and the books have followed, or contradicted, by what came in."""
    return settle_with_books(on=night.on)


def _allocate(night: Night) -> int:
    """Lines of the bank matched by themselves: what they pay is chased no longer, in this night already."""
    return match_bank_lines(on=night.on).automatic


def _thanks(night: Night) -> int:
    """Customers thanked for payments that were learned since the last night, by hand or by itself."""
    return thank_for_payments(on=night.on, now=night.now)


def _delivery_notes(night: Night) -> int:
    """Notes of invoices that came in."""
    return write_delivery_notes(on=night.on, now=night.now)


def _digests(night: Night) -> int:
    """Digests to members."""
    return write_digests(tenant=night.tenant, on=night.on, now=night.now)


def _promises(night: Night) -> int:
    """Promises that the ledger has decided: kept or broken."""
    return sum(decide_promises(on=night.on).values())


def _disputes(night: Night) -> int:
    """Mails to colleagues who have not answered a dispute in time."""
    return remind_owners(tenant=night.tenant, on=night.on)


def _statistics(night: Night) -> int:
    """Tables that had outgrown what the planner knew of them: the steps after this one read them whole."""
    return count_outgrown()


def _open_amounts(night: Night) -> int:
    """Items whose stored open amount was not what their allocations say, and was put right. All have their document."""
    refuse_lost_documents()
    return repair_open_amounts(actor=SYSTEM)


def _balances(night: Night) -> int:
    """Balances that have changed with the day."""
    return refresh_balances(on=night.on)


def _profile(night: Night) -> int:
    """Customers that pay otherwise than their profile said: profiles that begin today."""
    return refresh_profiles(on=night.on)


def _reviews(night: Night) -> int:
    """Customers that the organisation's rules want reviewed, and reviews that are no longer needed."""
    return plan_reviews(currency=night.tenant.currency, on=night.on)


def _causes(night: Night) -> int:
    """Late items whose cause is another than the night before, by the organisation's rules."""
    ensure_status_codes()  # so that they are there for who reads the API before anybody has opened a page
    return decide_causes(on=night.on)


def _terminal(night: Night) -> int:
    """Stops of deliveries that ended as all was paid, and write-offs that the books have followed."""
    return lift_paid_stops(on=night.on) + settle_write_offs(on=night.on)


def _plan(night: Night) -> int:
    """Reminders proposed."""
    with transaction.atomic():
        return plan_actions(tenant=night.tenant, on=night.on, ledger_as_of=ledger_as_of()).actions


def _confirm(night: Night) -> int:
    """Proposals of automatic steps that were confirmed: their messages are on their way."""
    return confirm_automatic(on=night.on, now=night.now)


def _claims(night: Night) -> int:
    """Interest and charges that steps of the last days claim, where that was not done when they were."""
    with transaction.atomic():
        return catch_up_claims(on=night.on)


def _outbox(night: Night) -> int:
    """Messages that wait to be sent; their bells ring."""
    with transaction.atomic():
        return outbox.wake()


def _answers(night: Night) -> int:
    """Answers of the API that were kept for 30 days, and are forgotten."""
    return forget_answers()


THE_NIGHT: tuple[NightStep, ...] = (
    NightStep("sync", _sync),
    NightStep("mail", _mail),
    NightStep("statistics", _statistics),
    NightStep("open_amounts", _open_amounts),
    NightStep("bank", _bank, needs=("open_amounts",)),
    NightStep("allocate", _allocate, needs=("sync", "bank")),
    NightStep("promises", _promises, needs=("sync", "open_amounts", "allocate")),
    NightStep("balances", _balances, needs=("open_amounts",)),
    NightStep("profile", _profile, needs=("sync", "open_amounts", "promises")),
    NightStep("reviews", _reviews, needs=("balances", "profile")),
    NightStep("terminal", _terminal, needs=("sync", "open_amounts", "allocate")),
    # After the profile, which its rules ask for; before the plan, whose rules of assignment ask for causes.
    NightStep("causes", _causes, needs=("sync", "open_amounts", "allocate", "promises", "profile")),
    NightStep("plan", _plan, needs=("sync", "open_amounts", "allocate", "promises", "balances")),
    NightStep("confirm", _confirm, needs=("plan",)),
    NightStep("claims", _claims),
    NightStep("disputes", _disputes),
    NightStep("thanks", _thanks, needs=("sync", "bank", "allocate")),
    NightStep("delivery_notes", _delivery_notes, needs=("sync",)),
    NightStep("digests", _digests, needs=("plan", "promises", "balances")),
    NightStep("outbox", _outbox),
    NightStep("answers", _answers),
)


def run_night(*, tenant: Tenant, on: date, now: datetime, actor: Actor = SYSTEM) -> NightRun:
    """Run the night of the business day `on` for the tenant in scope. A second run of the same day changes nothing.

    A sandbox's clock moves to `on`. Raises NightTooEarly, NightInFuture, ClockNotMovable (a sandbox's clock stands
    after `on`), AlreadyRunning.
    """
    with jobs.exclusive(JOB):
        _begin(tenant=tenant, on=on, now=now, actor=actor)
        run = jobs.start_nightly(job=JOB, on=on)
        night, out = Night(tenant, on, now), NightRun(on)
        for step in THE_NIGHT:
            entry = _run_step(step, night, without={undone["name"] for undone in out.undone})
            out.steps.append(entry)
            jobs.add_step(run=run, step=entry)
        failed = [f"{step['name']}: {step['error']}" for step in out.steps if "error" in step]
        state = JobRun.State.FAILED if failed else JobRun.State.DONE
        jobs.finish(run=run, state=state, error="\n".join(failed))
    return out


def _run_step(step: NightStep, night: Night, *, without: set[str]) -> dict[str, Any]:
    started = clock.monotonic()
    entry: dict[str, Any] = {"name": step.name, "count": 0, "seconds": 0.0}
    missing = [name for name in step.needs if name in without]
    if missing:
        return entry | {"left_out": ", ".join(missing)}
    try:
        entry["count"] = step.work(night)
    except Refusal as refusal:
        entry["error"] = str(refusal)
    except Exception as error:
        log.exception("night of %s: step %s", night.on, step.name)
        entry["error"] = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"[:300]
    entry["seconds"] = round(clock.monotonic() - started, 3)
    return entry


@transaction.atomic
def _begin(*, tenant: Tenant, on: date, now: datetime, actor: Actor) -> None:
    last = JobRun.objects.filter(job=JOB, number=0).aggregate(last=Max("on"))["last"]
    if last is not None and on < last:
        raise NightTooEarly
    locked = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
    if locked.is_sandbox:
        if locked.sandbox_on != on:
            set_sandbox_clock(tenant=tenant, on=on, actor=actor)
    elif on > business_today(locked, now=now):
        raise NightInFuture
    if locked.first_night_on is None:
        Tenant.objects.filter(id=tenant.id).update(first_night_on=on)
        tenant.first_night_on = on


def advance_sandbox(*, tenant: Tenant, now: datetime, days: int = 1, actor: Actor = SYSTEM) -> list[NightRun]:
    """Move a sandbox's clock on day by day, running the night of each day. Raises ClockNotMovable, AlreadyRunning."""
    if not tenant.is_sandbox or tenant.sandbox_on is None:
        raise ClockNotMovable(_("Only a sandbox organisation has a clock of its own."))
    if not 1 <= days <= MOST_DAYS:
        raise ClockNotMovable(_("The clock moves on by 1 to 31 days at a time."))
    first = tenant.sandbox_on
    return [run_night(tenant=tenant, on=first + timedelta(days=n), now=now, actor=actor) for n in range(1, days + 1)]


# --- the beat ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bell:
    """What is done about an organisation's work in a queue: a task, sent again after a while if nothing came of it."""

    task: str
    again_after: timedelta
    arguments: dict[str, str] = field(default_factory=dict)


def bells() -> dict[str, Bell]:
    """Queue of a doorbell -> what answers it."""
    soon = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS / 4)
    sending = {
        outbox.queue_of(channel): Bell("integrations.send_slice", soon, {"channel": channel.value})
        for channel in outbox.MESSAGE_CHANNELS
    }
    return sending | {
        JOB: Bell("creditmgmt.night", timedelta(minutes=15)),
        # Long before that a worker that lives has let the bell rest; the lock keeps a second one out.
        DOSSIERS: Bell("collection.make_dossiers", timedelta(minutes=2)),
        runs.BELL: Bell("integrations.resume_runs", timedelta(minutes=1)),
        mailboxes.BELL: Bell("integrations.read_mailboxes", timedelta(minutes=11)),
    }


def next_night_at(*, tenant: Tenant, now: datetime) -> datetime:
    """The moment, in UTC, at which the organisation's next night begins: 05:00 on its own clock."""
    today = today_in(tenant.time_zone, now)
    moment = local_moment(tenant.time_zone, today, HOUR)
    return moment if moment > now else local_moment(tenant.time_zone, today + timedelta(days=1), HOUR)


def try_again_at(*, tenant: Tenant, now: datetime) -> datetime:
    """When a night that did not go well is run again: soon, or with the next one once it is noon there."""
    soon = now + TRY_AGAIN_AFTER
    noon = local_moment(tenant.time_zone, today_in(tenant.time_zone, now), LAST_HOUR)
    return soon if soon <= noon else next_night_at(tenant=tenant, now=now)
