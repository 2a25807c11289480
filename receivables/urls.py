"""Addresses of the ledger. A customer's own page stands in reporting, which also knows what was said to it."""

from django.urls import path

from receivables.views import ageing, items, lists, parties, quality, standing

urlpatterns = [
    path("customers/", lists.customers, name="customers"),
    path("customers/assign/", parties.customers_assign, name="customers_assign"),
    path("customers/hold/", standing.customer_holds_new, name="customer_holds_new"),
    path("customers/<uuid:customer_id>/promise/", standing.promise_new, name="promise_new"),
    path("customers/<uuid:customer_id>/dispute/", standing.dispute_new, name="dispute_new"),
    path("customers/<uuid:customer_id>/contact/", parties.contact_new, name="contact_new"),
    path("customers/<uuid:customer_id>/identifiers/", parties.identifiers, name="identifiers"),
    path("customers/<uuid:customer_id>/address/", parties.address, name="address"),
    path("accounts/<uuid:account_id>/terms/", parties.account_terms, name="account_terms"),
    path("contacts/<uuid:contact_id>/", parties.contact, name="contact"),
    path("items/", lists.items, name="items"),
    path("items/hold/", standing.holds_new, name="holds_new"),
    path("items/dispute/", standing.disputes_new, name="disputes_new"),
    path("items/<uuid:item_id>/", items.item, name="item"),
    path("documents/", lists.documents, name="documents"),
    path("documents/<uuid:document_id>/", items.document, name="document"),
    path("orders/", lists.orders, name="orders"),
    path("promises/", lists.promises, name="promises"),
    path("promises/withdraw/", standing.promises_withdraw, name="promises_withdraw"),
    path("disputes/", lists.disputes, name="disputes"),
    path("disputes/close/", standing.disputes_close, name="disputes_close"),
    path("holds/lift/", standing.holds_lift, name="holds_lift"),
    path("ageing/", ageing.ageing, name="ageing"),
    path("quality/", quality.quality, name="quality"),
    path("ageing/items/", ageing.ageing_items, name="ageing_items"),
]
