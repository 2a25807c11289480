"""Assignment rules: which scenario applies to whom, in order and in words; and the choice for one customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.models import Member
from accounts.roles import Can
from collection.models import Scenario, ScenarioOverride
from collection.queries.facts import UNFILLED, cause_branches
from collection.rule_forms import (
    ChoiceForm,
    CriterionRow,
    RuleRow,
    rearranged,
    rows_posted,
    rule_values,
    with_choices,
)
from collection.rules.criteria import FACTS, Criterion, unreachable
from collection.services import rule_sets
from collection.services.assigning import rules_of
from collection.services.cause_codes import ensure_causes
from collection.services.coverage import covered_by_rules
from collection.words import FACT_WORDS, criteria_words
from core import formats
from core.errors import NotFound, Refusal
from core.web import add_refusal, page, say
from receivables.models import Cause, Customer, CustomerGroup, Entity
from receivables.queries.visible import accounts_in, customers_in


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def assignment_rules(request: HttpRequest) -> HttpResponse:
    """The rules in their order; the first that holds decides, the default scenario applies to the rest."""
    newest = rule_sets.newest_rules()
    number = newest.number if newest else 0
    if request.method == "GET":
        return _editor(request, _rows_stored(request), number=number)
    rows, wish = rows_posted(request.POST), request.POST.get("do", "save")
    seen = request.POST.get("seen", "")
    if wish != "save":
        fact = request.POST.get(f"add_fact-{wish.partition('-')[2]}", "")
        return _editor(request, rearranged(rows, wish, fact=fact), number=int(seen) if seen.isdecimal() else number)
    try:
        made = rule_sets.set_rules(
            rules=rule_values(rows),
            on=request.on,  # type: ignore[attr-defined]
            by=request.member,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
            seen=int(seen) if seen.isdecimal() else -1,
        )
    except rule_sets.BadRules as refusal:
        _show_errors(rows, refusal)
        return _editor(request, rows, number=int(seen) if seen.isdecimal() else number, status=422)
    say(request, _("Saved: the rules apply from %(day)s.") % {"day": formats.current().day(made.valid_from)})
    return redirect("assignment_rules")


def _rows_stored(request: HttpRequest) -> list[RuleRow]:
    """The newest rules, each in words, with what it takes today and whether it can decide at all."""
    newest = rule_sets.newest_rules()
    rules = rules_of(newest)
    dead = {rule.rule_id for rule in unreachable(rules)}
    counts = covered_by_rules(on=request.on, rules=rules) if rules else {}  # type: ignore[attr-defined]
    names = {row_id: name.strip() for rows in references().values() for row_id, name in rows.items()}
    currency = request.tenant.currency  # type: ignore[attr-defined]
    out = []
    for rule in rules:
        row = RuleRow(
            rule.name,
            str(rule.target),
            [_criterion_row(one) for one in rule.criteria],
            words=criteria_words(rule.criteria, names=names, currency=currency),
        )
        row.customers, row.items = counts.get(str(rule.rule_id), (0, 0))
        if rule.rule_id in dead:
            row.note = _("Never reached: a rule before it takes all that it would take.")
        out.append(row)
    return out


def _criterion_row(criterion: Criterion) -> CriterionRow:
    values = [("yes" if value else "no") if isinstance(value, bool) else str(value) for value in criterion.values]
    return CriterionRow(criterion.fact, str(criterion.operator), values)


def references() -> dict[str, dict[Any, str]]:
    """Rows that criteria may name, by fact; causes by their code, in the order of their tree. 5 SQL queries."""
    ensure_causes()
    members = dict(Member.objects.order_by("name").values_list("id", "name"))
    return {
        "entity": {one.id: f"{one.code} {one.name}" for one in Entity.objects.order_by("code")},
        "group": dict(CustomerGroup.objects.order_by("name").values_list("id", "name")),
        "salesperson": members,
        "collector": members,
        "cause": _causes(),
    }


def _causes() -> dict[str, str]:
    """What is below another cause is set in."""
    labels = {code.casefold(): label for code, label in Cause.objects.values_list("code", "label")}
    branches = cause_branches()
    depth = {code: sum(code in branch for branch in branches.values()) - 1 for code in branches}
    ordered = [code for code in branches if depth[code] == 0]
    return {code: "\u2003" * depth[code] + labels[code] for top in ordered for code in branches[top]}


def _show_errors(rows: list[RuleRow], refusal: rule_sets.BadRules) -> None:
    for name, texts in refusal.fields.items():
        what, *numbers = name.split("-")
        text = " ".join(str(one) for one in texts)
        if what == "values":
            rows[int(numbers[0])].criteria[int(numbers[1])].error = text
        elif numbers:
            rows[int(numbers[0])].errors[what] = text


def _editor(request: HttpRequest, rows: list[RuleRow], *, number: int, status: int = 200) -> HttpResponse:
    with_choices(rows, references())
    newest = rule_sets.newest_rules()
    context = {
        "rows": rows,
        "number": number,
        "newest": newest,
        "scenarios": [
            (str(one.id), one.name)
            for one in Scenario.objects.filter(archived_on__isnull=True).order_by("is_default", "name")
        ],
        "facts": [(name, FACT_WORDS[name], name in UNFILLED) for name in FACTS],
        "starts_on": rule_sets.starts_on(on=request.on),  # type: ignore[attr-defined]
        "on": request.on,  # type: ignore[attr-defined]
    }
    return page(request, "collection/scenario_rules.html", context, status=status)


# --- The choice for one customer -------------------------------------------------------------------------------------


@requires(Can.EDIT_SCENARIOS)
@require_http_methods(["GET", "POST"])
def customer_scenario(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Choose the scenario for a customer, with the reason and an end."""
    customer = _customer(request, customer_id)
    known = list(Scenario.objects.filter(archived_on__isnull=True).order_by("name"))
    scope = request.scope  # type: ignore[attr-defined]
    codes = Entity.objects.filter(
        id__in=accounts_in(scope=scope).filter(customer_id=customer_id).values_list("entity_id", flat=True)
    ).order_by("code")
    entities = {str(one.id): one for one in codes}
    form = ChoiceForm(
        request.POST or None, scenarios=known, entities=[(key, one.code) for key, one in entities.items()]
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            rule_sets.choose_scenario(
                customer=customer,
                scenario=next(one for one in known if str(one.id) == given["scenario"]),
                entity=entities.get(given["entity"]),
                reason=given["reason"],
                until_on=given["until_on"],
                on=request.on,  # type: ignore[attr-defined]
                by=request.member,  # type: ignore[attr-defined]
                actor=request.actor,  # type: ignore[attr-defined]
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            say(request, _("Chosen: it applies from the next night on."))
            return redirect(reverse("customer", args=[customer_id]))
    status = 422 if request.method == "POST" else 200
    return page(request, "collection/scenario_choice.html", {"form": form, "customer": customer}, status=status)


@requires(Can.EDIT_SCENARIOS)
@require_POST
def customer_scenario_end(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """End the choices for a customer: the rules apply to it again."""
    customer = _customer(request, customer_id)
    for one in ScenarioOverride.objects.filter(customer=customer, ended_on__isnull=True):
        rule_sets.end_choice(
            override=one,
            on=request.on,  # type: ignore[attr-defined]
            by=request.member,  # type: ignore[attr-defined]
            actor=request.actor,  # type: ignore[attr-defined]
        )
    say(request, _("Ended: the rules apply again."))
    return redirect(reverse("customer", args=[customer_id]))


def _customer(request: HttpRequest, customer_id: UUID) -> Customer:
    scope = request.scope  # type: ignore[attr-defined]
    found: Customer | None = customers_in(scope=scope).filter(id=customer_id).first()
    if found is None:
        raise NotFound
    return found
