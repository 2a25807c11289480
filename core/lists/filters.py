"""Filters of lists, the same for pages, exports and the API.

class ItemFilters(Filters):
    entity = RowFilter(rows=lambda reader: entities_in(reader.scope), label=_("Company"))

ItemFilters(request.GET, queryset=items_in(scope), reader=reader).qs
"""

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.lists.reading import Reader
from core.text import search_key


class Filters(django_filters.FilterSet):
    """A FilterSet that knows its reader, so that choices and conditions stay within what the reader may see.

    `order`: names in the order of the form; those left out come after them. `asked_only`: has the filters that the data
    name and no others. That selects the same rows, and a form of two fields is made in a tenth of the time of twenty.
    """

    order: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, queryset: Any = None, *, reader: Reader, asked_only: bool = False, **kwargs: Any
    ) -> None:
        if asked_only:
            every: dict[str, Any] = self.base_filters  # type: ignore[has-type]
            self.base_filters = {name: one for name, one in every.items() if name in (data or {})}
        # django-filter hands "request" to callables that give rows; ours take the reader.
        super().__init__(data, queryset, request=reader, **kwargs)

    def get_form_class(self) -> Any:
        form_class = super().get_form_class()
        first = [name for name in self.order if name in form_class.base_fields]
        names = [*first, *(name for name in form_class.base_fields if name not in first)]
        form_class.base_fields = {name: form_class.base_fields[name] for name in names}
        return form_class

    @property
    def reader(self) -> Reader:
        return self.request  # type: ignore[no-any-return]


class RowFilter(django_filters.ModelChoiceFilter):
    """One row among `rows(reader)`: a select with its names, or with `hidden` only a chip (for lists too long to choose)."""

    def __init__(self, *, rows: Callable[[Reader], QuerySet[Any]], hidden: bool = False, **kwargs: Any) -> None:
        kwargs["widget"] = forms.HiddenInput() if hidden else Select()
        kwargs.setdefault("empty_label", _("any"))
        super().__init__(queryset=rows, **kwargs)


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of a few values. Choices may be a callable, which is then asked when the form shows."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", Select())
        kwargs.setdefault("empty_label", _("any"))
        super().__init__(**kwargs)


class _Flag(forms.BooleanField):
    """True or nothing: a filter's method is not called for nothing."""

    def clean(self, value: Any) -> bool | None:
        return super().clean(value) or None


class FlagFilter(django_filters.Filter):
    """A box to tick: `?mine=on` filters, no box filters nothing."""

    field_class = _Flag

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class DayFilter(django_filters.DateFilter):
    """A day, chosen in the browser's calendar."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", DayInput())
        super().__init__(**kwargs)


class PrefixFilter(django_filters.CharFilter):
    """What begins as typed: in stored search keys, and letter by letter in numbers (as typed, and in capitals)."""

    def __init__(self, *, keys: Iterable[str] = (), numbers: Iterable[str] = (), **kwargs: Any) -> None:
        self.keys, self.numbers = tuple(keys), tuple(numbers)
        kwargs.setdefault("widget", forms.HiddenInput())  # the search box of the list shows it
        super().__init__(**kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        text = (value or "").strip()
        if not text:
            return qs
        key = search_key(text)
        conditions = Q()
        if key:
            for name in self.keys:
                conditions |= Q(**{f"{name}__prefix": key})
        for name in self.numbers:
            for form in {text, text.upper()}:
                conditions |= Q(**{f"{name}__prefix": form})
        return qs.filter(conditions) if conditions else qs.none()


class DayInput(forms.DateInput):
    """A date field of the browser; its value is ISO whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class Select(forms.Select):
    """A drop-down in the product's look."""

    def __init__(self, attrs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(attrs={"class": "form-select", **(attrs or {})}, **kwargs)
