"""The product's addresses, and beside them a list as a new Django project would show it: session, user, fifty rows."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import include, path

from core.tenancy import tenant_scope
from receivables.models import LedgerItem

BASE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}</title></head>
<body>{% block content %}{% endblock %}</body></html>
"""
LIST = """{% extends "base.html" %}
{% block title %}Items{% endblock %}
{% block content %}<h1>Items of {{ user.email }}</h1>
<table><thead><tr><th>Number<th>Customer<th>Kind<th>Issued<th>Due<th>Amount<th>Open<th>Currency</thead><tbody>
{% for row in rows %}<tr><td><a href="/items/{{ row.id }}/">{{ row.number }}</a></td>
<td><a href="/customers/{{ row.customer_id }}/">{{ row.customer__name }}</a></td><td>{{ row.kind }}</td>
<td>{{ row.document_date|date:"d/m/Y" }}</td><td>{{ row.due_date|date:"d/m/Y" }}</td>
<td>{{ row.amount|floatformat:2 }}</td><td>{{ row.open_amount|floatformat:2 }}</td><td>{{ row.currency }}</td></tr>
{% endfor %}</tbody></table>{% endblock %}
"""
FIELDS = ("id", "number", "customer_id", "customer__name", "kind", "document_date", "due_date", "amount", "open_amount")
LOADER = ("django.template.loaders.locmem.Loader", {"base.html": BASE, "list.html": LIST})
ENGINE = Engine(loaders=[("django.template.loaders.cached.Loader", [LOADER])])
TEMPLATE = ENGINE.get_template("list.html")


@login_required
def items(request: HttpRequest) -> HttpResponse:
    with tenant_scope(UUID(request.GET["tenant"])):
        open_items = LedgerItem.objects.filter(is_open=True).order_by("due_date", "id")
        rows: list[Any] = list(open_items.values(*FIELDS, "currency")[:50])
    return HttpResponse(TEMPLATE.render(Context({"rows": rows, "user": request.user})))


urlpatterns = [
    path("bench/items/", items),
    path("", include("creditmgmt.urls")),
]
