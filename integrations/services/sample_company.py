"""The sample company as an organisation of its own: generated, written to files, and read through the same import."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import NoSuchRight
from accounts.demo import DEMO_PASSWORD, DEMO_SLUG
from accounts.models import Member, Role, Tenant, User, UserTenant
from accounts.roles import Can
from accounts.services.members import admit_member, name_member
from accounts.services.organisations import create_organisation
from accounts.services.persons import person_with
from collection.services.item_causes import decide_causes
from collection.services.scenarios import ensure_default_scenario
from core.audit import SYSTEM, Actor, record
from core.days import BusinessCalendar
from core.errors import Conflict, NotFound
from core.tenancy import tenant_scope
from integrations.files import Mapping
from integrations.models import SyncRun
from integrations.services import runs
from integrations.services.reading import inspection_of
from integrations.services.receiving import blocks, receive
from integrations.services.sample_at_work import put_sample_to_work
from receivables.models import Customer, Entity, FxRate, PaymentTerms
from receivables.sample import COUNTRIES, SampleCompany, SampleFile, generate, write_files
from receivables.services.matching_run import match_bank_lines
from receivables.services.open_amounts import refresh_balances
from receivables.services.promises import decide_promises
from receivables.services.standing import place_hold
from risk.services.profiles import refresh_profiles

SOURCE = "erp"
ZONE = "Europe/Paris"


class SampleFileRefused(Conflict):
    code = "sample_file_refused"
    message = _("A file of the sample company was refused.")


class NotASample(Conflict):
    code = "not_a_sandbox"
    message = _("Only a sandbox can be removed like this.")


@transaction.atomic
def load_sample_company(
    *,
    on: date,
    slug: str = DEMO_SLUG,
    with_logins: bool = False,
    owner: User | None = None,
    at_work: bool = False,
    actor: Actor = SYSTEM,
) -> Tenant:
    """Make the organisation `slug` as of the day `on`, a sandbox whose clock stands there; all or nothing.

    `with_logins`: one member of each role signs in with the demo's password (on a machine of one's own only); without,
    its people are names. `owner` enters as administrator. `at_work`: whoever may approve the scenario has done so, and
    the reminders of the day wait to be confirmed. Raises SlugTaken.
    """
    company = generate(on)
    about = company.organisation
    tenant = create_organisation(
        slug=slug, name=about.name, country=about.country, currency=about.currency, language=about.language,
        time_zone=about.time_zone, sandbox_on=on, actor=actor,
    )  # fmt: skip
    with tenant_scope(tenant):
        _make_entities(company)
        _make_members(company, with_logins=with_logins)
        if owner is not None:
            role = Role.objects.get(code="admin")
            admit_member(email=owner.email, name=owner.name or owner.email, role_id=role.id, actor=SYSTEM)
        with TemporaryDirectory() as folder:
            for file in write_files(company, Path(folder)):
                _import(file, on=on)
        _place_holds(company)
        match_bank_lines(on=on)
        decide_promises(on=on, actor=SYSTEM)
        refresh_balances(on=on)
        # How customers paid until a month ago and now: the sample shows a history before its first night.
        for day in (on - timedelta(days=30), on):
            refresh_profiles(on=day)
        decide_causes(on=on)
        version = ensure_default_scenario(tenant=tenant, on=on)
        if at_work:
            put_sample_to_work(tenant=tenant, default=version, on=on)
    return tenant


def working_day_of_sample(day: date) -> date:
    """The day itself when all companies of the sample work on it, else the last one before it."""
    return BusinessCalendar(countries=COUNTRIES).previous_working_day(day)


def _make_entities(company: SampleCompany) -> None:
    about = company.organisation
    for entity in about.entities:
        Entity.objects.create(
            code=entity.code, name=entity.name, country=entity.country, currency=entity.currency,
            language=entity.language, legal_identifier=entity.legal_identifier, vat_number=entity.vat_number,
            street=entity.street, postal_code=entity.postal_code, city=entity.city, email=entity.email,
            phone=entity.phone, iban=entity.iban, bic=entity.bic,
        )  # fmt: skip
    PaymentTerms.objects.bulk_create(
        PaymentTerms(code=terms.code, label=terms.label, rule=terms.rule) for terms in about.terms
    )
    FxRate.objects.bulk_create(
        FxRate(base=rate.base, currency=rate.currency, on=rate.on, rate=rate.rate, source="sample")
        for rate in company.rates
    )


def _make_members(company: SampleCompany, *, with_logins: bool) -> None:
    roles = {role.code: role.id for role in Role.objects.all()}
    entities = dict(Entity.objects.values_list("code", "id"))
    for person in company.organisation.members:
        if with_logins:
            known = person_with(email=person.email) is not None
            admit_member(
                email=person.email,
                name=person.name,
                role_id=roles[person.role],
                password=DEMO_PASSWORD if person.is_login and not known else None,
                language=person.language if person.language in ("en", "fr") else "en",
                source_ref=person.source_ref,
                entity_ids=[entities[code] for code in person.entity_codes],
                actor=SYSTEM,
            )
        elif person.source_ref:
            name_member(name=person.name, source_ref=person.source_ref, role_id=roles[person.role], actor=SYSTEM)


def _import(file: SampleFile, *, on: date) -> SyncRun:
    """One file through the import, as anybody's; an allocation is known from its day, as the items are."""
    run = receive(
        chunks=blocks(file.path), file_name=file.path.name, as_of=on, actor=SYSTEM, source=SOURCE, kind=file.kind,
        mode=file.mode or ("history" if file.kind == "allocations" else ""), all_or_nothing=True,
    )  # fmt: skip
    # The columns bear the fields' own names, dates are ISO dates: nothing to guess.
    columns = {label: label for label in inspection_of(run).layout.labels}
    mapping = Mapping(kind=file.kind, mode=file.mode, columns=columns, date_order="ymd")
    runs.choose_mapping(run_id=run.id, mapping=mapping, actor=SYSTEM)
    ended = runs.apply(run_id=run.id)
    if ended.state != SyncRun.State.APPLIED:
        raise SampleFileRefused(f"{file.kind}: {ended.error}")
    return ended


def _place_holds(company: SampleCompany) -> None:
    customers = {
        customer.ref: customer for customer in Customer.objects.filter(ref__in=[h.customer_ref for h in company.holds])
    }
    for hold in company.holds:
        place_hold(
            customer_id=customers[hold.customer_ref].id, reason=hold.reason, from_on=hold.from_on,
            until_on=hold.until_on, note=hold.note, actor=SYSTEM,
        )  # fmt: skip


@transaction.atomic
def remove_sandbox(*, tenant: Tenant, actor: Actor) -> Tenant:
    """Close a sandbox for everybody and free its short name. Its rows go with `manage.py purge_tenant`.

    The runtime role cannot delete them: what is append-only stays so, in a sandbox too. Raises NotASample.
    """
    locked = Tenant.objects.select_for_update().get(id=tenant.id)
    if not locked.is_sandbox:
        raise NotASample
    before = locked.slug
    locked.status = Tenant.Status.SUSPENDED
    locked.slug = f"{before[:36]}-{str(locked.id)[-12:]}"
    locked.save(update_fields=["status", "slug"])
    UserTenant.objects.filter(of_tenant=locked).delete()
    with tenant_scope(locked):
        record(actor=actor, action="accounts.organisation_removed", row=locked, changes={"slug": [before, locked.slug]})
    return locked


@transaction.atomic
def load_own_sample(*, user: User, on: date) -> Tenant:
    """The sample company for one person, who becomes its administrator; whoever has one already gets that one.

    Takes some seconds. To be called outside of every tenant scope: it opens the new one's.
    """
    slug = own_sample_slug(user)
    existing = Tenant.objects.filter(slug=slug, status=Tenant.Status.ACTIVE).first()
    if existing is not None and UserTenant.objects.filter(user=user, of_tenant=existing).exists():
        return existing
    return load_sample_company(on=working_day_of_sample(on), slug=slug, owner=user, at_work=True)


def own_sample_slug(user: User) -> str:
    """The short name of a person's own sample company: one each."""
    return f"sample-{user.pk.hex}"


@transaction.atomic
def administered_sandboxes(*, user: User) -> list[Tenant]:
    """The sandboxes that the person may remove, by name. 1 SQL query and 1 a sandbox, outside of every tenant scope."""
    entries = UserTenant.objects.filter(
        user=user, of_tenant__is_sandbox=True, of_tenant__status=Tenant.Status.ACTIVE
    ).select_related("of_tenant")
    return [
        entry.of_tenant
        for entry in entries.order_by("of_tenant__name", "of_tenant_id")
        if _administrator(user=user, tenant=entry.of_tenant) is not None
    ]


@transaction.atomic
def remove_own_sandbox(*, user: User, tenant_id: UUID) -> Tenant:
    """Remove a sandbox that the person administers. Raises NotFound, NoSuchRight, NotASample. Outside of every scope."""
    entry = UserTenant.objects.filter(user=user, of_tenant_id=tenant_id, of_tenant__status=Tenant.Status.ACTIVE)
    found = entry.select_related("of_tenant").first()
    if found is None:
        raise NotFound
    member = _administrator(user=user, tenant=found.of_tenant)
    if member is None:
        raise NoSuchRight
    return remove_sandbox(tenant=found.of_tenant, actor=Actor.member(member))


def _administrator(*, user: User, tenant: Tenant) -> Member | None:
    with tenant_scope(tenant):
        member = Member.objects.select_related("role").filter(user_id=user.pk, is_active=True).first()
    return member if member is not None and member.can(Can.MANAGE_ORGANISATION) else None
