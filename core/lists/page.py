"""What a list is, and how an address and a reader become its rows: shared by pages, exports and counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid, NotFound
from core.lists.columns import Column, Row
from core.lists.keyset import QuerySource, Sort, Source
from core.lists.reading import Reader
from core.tenancy import current_tenant_id
from core.web import address

# Of the address, what is not a filter.
CONTROL = ("sort", "after", "before", "cols", "col", "format", "part")


class BadFilters(Invalid):
    code = "bad_filters"
    message = _("The filters in the address cannot be understood.")


@dataclass(frozen=True)
class View:
    """A tab: a name and the filters it stands for, such as {"state": "OPEN"}. Empty filters: everything."""

    label: str | Promise
    query: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""


@dataclass(frozen=True)
class Bulk:
    """What can be done with selected rows: a form that posts their ids to `url`. `can`: shown to those only."""

    label: str | Promise
    url: str
    icon: str = ""
    can: Any = None
    dialog: bool = False  # opens a form in the drawer first

    @property
    def address(self) -> str:
        return address(self.url)


@dataclass(frozen=True)
class ListPage:
    """A list: its name (for saved views, exports and settings.LISTS), rows, columns, filters and views.

    Rows are those of the queryset `rows(reader)`, read as dictionaries of `fields`, or come from `source(reading)`.
    `filters`: a core.lists.Filters class, or a form class that takes (data, reader=); its form makes the chips.
    `start`: the filters when the address has none. `kept`: those that stay when another view is chosen, such as the day.
    `no_chips`: those with a control of their own. `can`: the capability that shows the list; `export_can`: the one
    that lets a member export, None: no export. `enrich` adds fields to the rows that are shown, in one query for all.
    `expand` gives the rows that exports write and sums count for a row of the page (one for each currency, say).
    `default_sort` as in the address. `apart`, `names`: see QuerySource. `sum_column`: what the bulk bar adds up, an
    amount or amounts by currency.
    `search`: the filter that the search box fills. `narrow`: "cards" turns rows into cards on phones.
    `count_cap`: rows are counted so far, and summed on the page; of more the page asks for the sums when it is shown.
    `url_name`: of its page, where that is not its name. `empty_url`, `empty_can`: where the next step is done, and by whom.
    """

    name: str
    title: str | Promise
    columns: tuple[Column, ...]
    default_sort: str
    can: Any = None
    rows: Callable[[Reader], QuerySet[Any]] | None = None
    fields: tuple[str, ...] = ()
    source: Callable[["Reading"], Source] | None = None
    filters: Any = None
    start: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    no_chips: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    enrich: Callable[[Sequence[dict[str, Any]], Reader], None] | None = None
    expand: Callable[[Row], Sequence[Row]] | None = None
    views: tuple[View, ...] = ()
    bulk: tuple[Bulk, ...] = ()
    sum_column: str = ""
    row_link: Callable[[Row], str] | None = None
    template: str = "lists/list.html"
    url_name: str = ""
    narrow: str = "cards"
    search: str = ""
    export_can: Any = None
    count_cap: int = 1_000
    empty_title: str | Promise = ""
    empty_text: str | Promise = ""
    empty_icon: str = "inbox"
    empty_url: str = ""
    empty_label: str | Promise = ""
    empty_can: Any = None


def list_named(name: str) -> ListPage:
    """The list that settings.LISTS has under a name. Raises NotFound."""
    path = settings.LISTS.get(name)
    if path is None:
        raise NotFound
    module, _point, attribute = path.rpartition(".")
    page: ListPage = getattr(import_module(module), attribute)
    return page


def filters_of(query: QueryDict) -> dict[str, str]:
    """The filters in an address: its parameters but those of sort, page and columns."""
    return {k: ",".join(values) for k, values in query.lists() if k not in CONTROL and any(values)}


class Reading:
    """A list as one address asks for it and one reader may see it. Each part is computed once, when asked for."""

    def __init__(self, page: ListPage, query: QueryDict, reader: Reader) -> None:
        self.page, self.reader = page, reader
        self.given = query
        self.query = query
        if page.start and not filters_of(query):
            self.query = query.copy()
            for name, value in page.start.items():
                self.query[name] = value

    @cached_property
    def filters(self) -> dict[str, str]:
        return filters_of(self.query)

    @cached_property
    def filterset(self) -> Any:
        """The filters in the address, None for a list without. Costs no query until a row is looked up."""
        return self._filters(asked_only=True)

    def _filters(self, **options: bool) -> Any:
        if self.page.filters is None:
            return None
        if self.page.rows is None:
            return self.page.filters(self.query, reader=self.reader)
        return self.page.filters(self.query, self.page.rows(self.reader), reader=self.reader, **options)

    @property
    def form(self) -> BaseForm | None:
        """What the address asks for, checked."""
        return None if self.filterset is None else getattr(self.filterset, "form", self.filterset)

    @cached_property
    def whole_form(self) -> BaseForm | None:
        """All that may be asked for, to be shown. Choices cost queries."""
        found = self._filters()
        return None if found is None else getattr(found, "form", found)

    def check(self) -> None:
        """Raises BadFilters where a filter cannot be understood: an export must be of exactly what was asked."""
        if self.form is not None and not self.form.is_valid():
            raise BadFilters(fields={name: list(map(str, texts)) for name, texts in self.form.errors.items()})

    @cached_property
    def source(self) -> Source:
        if self.page.source is not None:
            return self.page.source(self)
        if self.page.rows is None:
            raise TypeError(f"list {self.page.name} has neither rows nor source")
        return QuerySource(
            self._found,
            key=self.key,
            fields=self.page.fields,
            apart=self.page.apart,
            names=self.page.names,
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """All that decides which rows a list shows whose address filters nothing; () of one that does.

        What a reader may do is no part of it: `ListPage.rows` and filters that a list starts with ask for the scope.
        """
        if filters_of(self.given):
            return ()
        reader = self.reader
        return (self.page.name, current_tenant_id(), reader.scope, reader.on, reader.member_id)

    def _found(self) -> QuerySet[Any]:
        """The rows. Most pages are asked for without filters: then the form is not even made."""
        rows = self.page.rows
        assert rows is not None
        return rows(self.reader) if not self.filters or self.filterset is None else self.filterset.qs  # type: ignore[no-any-return]

    @cached_property
    def columns(self) -> list[Column]:
        """Those chosen in the address, else those not hidden."""
        chosen = [name for name in self.query.get("cols", "").split(",") if name] or self.query.getlist("col")
        if not chosen:
            return [c for c in self.page.columns if not c.hidden and (c.when is None or c.when(self))]
        return [column for column in self.page.columns if column.name in chosen] or list(self.page.columns)

    @cached_property
    def sort(self) -> Sort:
        asked = Sort.parse(self.query.get("sort", ""))
        allowed = {column.sort for column in self.page.columns if column.sort}
        default = Sort.parse(self._view_sort or self.page.default_sort)
        return asked if asked.field in allowed | {default.field} else default

    @property
    def _view_sort(self) -> str:
        """The sort of the built-in view whose filters the address has."""
        return next((view.sort for view in self.page.views if view.sort and self.filters == dict(view.query)), "")

    def rows(self, *, after: str = "", before: str = "", limit: int, count_along: int = 0) -> list[Any]:
        """Rows of one page, enriched. `count_along`: of the whole list so many will be counted if the page is full."""
        if isinstance(self.source, QuerySource):
            self.source.count_along = count_along
        found: list[Any] = list(self.source.slice(sort=self.sort, after=after, before=before, limit=limit))
        if self.page.enrich is not None and found:
            self.page.enrich(found, self.reader)
        return found
