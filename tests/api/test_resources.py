"""Rows written straight from columns are what the serializers of the schema render."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.access import EVERYTHING
from core.money import amount_text
from core.rest import JSONRenderer
from core.rest_fields import _amount_text, columns_of
from core.rest_lists import Resource
from core.tenancy import tenant_scope
from creditmgmt.api import router

RESOURCES = {name: viewset for name, viewset, _basename in router.registry if issubclass(viewset, Resource)}


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_the_list_is_what_the_serializer_renders(api, organisation, one_of_each, name):
    resource = RESOURCES[name]
    listed = api.rows(f"{name}/")
    assert listed, "nothing to compare"
    with tenant_scope(organisation):
        rendered = {str(row.id): json.loads(JSONRenderer().render(resource.Out(row).data)) for row in rows_of(resource)}
    for row in listed:
        assert row == rendered[row["id"]]
        assert list(row) == list(rendered[row["id"]])
        assert api.get(f"{name}/{row['id']}/").json() == row


def rows_of(resource):
    view = resource()
    view.request = SimpleNamespace(user=SimpleNamespace(scope=EVERYTHING))
    return view.rows()


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_list_is_one_statement_whatever_its_length(
    api, organisation, one_of_each, name, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):  # the key and its scope, two transactions, the oldest one, the rows
        assert api.get(f"{name}/").status_code == 200


def test_every_field_of_an_answer_is_a_column():
    for resource in RESOURCES.values():
        assert columns_of(resource.Out).names == list(resource.Out().fields)


@given(
    amount=st.decimals(min_value=-(10**15), max_value=10**15, places=4, allow_nan=False),
    currency=st.sampled_from(["EUR", "JPY", "BHD", "CLF"]),
)
def test_amounts_of_columns_are_written_as_everywhere(amount, currency):
    assert _amount_text(amount, currency) == amount_text(amount, currency)
