"""The only door to Jinja2: templates of a package, in which a name that is not there is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


class Templates:
    """The templates in the folder `templates` of a package. Values are escaped in those whose names end in
    `.html.j2`, and in no others."""

    def __init__(
        self,
        package: str,
        *,
        filters: Mapping[str, Callable[[str], str]] | None = None,
        names: Mapping[str, object] | None = None,
    ) -> None:
        """`filters` and `names` may be used in all of them."""
        self._environment = Environment(
            loader=PackageLoader(package, "templates"),
            autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})
        self._environment.globals.update(names or {})

    def render(self, name: str, /, **values: object) -> str:
        """Raises jinja2.UndefinedError for a name that is neither in `values` nor in the names of all."""
        return self._environment.get_template(name).render(**values)
