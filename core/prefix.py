"""Search by beginning: `Customer.objects.filter(name_key__prefix=search_key(typed))`.

Of all text searches only `^@` on a COLLATE "C" column may use an index under a row-level policy: LIKE is not leakproof.
"""

from typing import Any

from django.db.models import CharField, Lookup


@CharField.register_lookup
class Prefix(Lookup):
    """`column ^@ 'text'`: the column begins with the text, letter for letter. An empty text matches everything."""

    lookup_name = "prefix"
    prepare_rhs = True

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} ^@ {right}", [*left_params, *right_params]
