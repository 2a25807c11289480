"""Saved views of lists: a name for filters, sort and columns."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.audit import Actor, record
from core.errors import Conflict, Invalid, NotFound
from core.lists import list_named
from core.models import SavedView

LEFT_OUT = ("after", "before", "part", "format")
VIEWS_MAX = 40


class BadView(Invalid):
    code = "bad_view"
    message = _("The view cannot be saved like this.")


class ViewNameTaken(Conflict):
    code = "view_name_taken"
    message = _("You have a view of this name already.")


class TooManyViews(Conflict):
    code = "too_many_views"
    message = _("You have as many views of this list as fit. Remove one first.")


@transaction.atomic
def save_view(*, list_name: str, name: str, query: str, is_shared: bool, member_id: UUID, actor: Actor) -> SavedView:
    """Keep what an address asks of a list. Raises NotFound (no such list), BadView, ViewNameTaken, TooManyViews."""
    list_named(list_name)
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise BadView(fields={"name": _("Enter a name of at most 60 letters.")})
    kept = QueryDict(query, mutable=True)
    for parameter in LEFT_OUT:
        kept.pop(parameter, None)
    text = kept.urlencode()
    if len(text) > 2000:
        raise BadView(_("The address of this view is too long to be kept."))
    if SavedView.objects.filter(list_name=list_name, owner_id=member_id).count() >= VIEWS_MAX:
        raise TooManyViews
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                list_name=list_name, name=name, query=text, owner_id=member_id, is_shared=is_shared
            )
    except IntegrityError as error:
        raise ViewNameTaken from error
    if is_shared:
        record(actor=actor, action="core.view_shared", row=view, changes={"name": [None, name]})
    return view


@transaction.atomic
def remove_view(*, view_id: UUID, member_id: UUID) -> SavedView:
    """Forget a view of one's own. Raises NotFound, for other members' views too."""
    view = SavedView.objects.filter(id=view_id, owner_id=member_id).first()
    if view is None:
        raise NotFound
    view.delete()
    return view
