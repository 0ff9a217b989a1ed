"""The layers that settings come from: each is read into validated values that remember their origin.

A layer maps dotted names (`poll.batch`) to values. Problems are collected as one line each, so that a person
sees all of them at once; a secret's value is never in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from feeds.tomlfile import TomlFile, did_you_mean

PREFIX = "HKETO_"


class SettingsError(ValueError):
    """Settings that cannot be used: one line for each problem, naming its file and line or its variable."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Value:
    """A validated value and where it came from."""

    value: Any
    origin: str


Layer = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting: its dotted name, how its value is checked, and what kind of value it is."""

    name: str
    adapter: TypeAdapter[Any]
    description: str
    secret: bool
    optional: bool
    plural: bool
    textual: bool

    @property
    def env(self) -> str:
        """Name of its environment variable."""
        return PREFIX + self.name.replace(".", "__").upper()


def leaves_of(model: type[BaseModel], prefix: str = "") -> dict[str, Leaf]:
    """Every setting below `model`, by dotted name, in the order of the classes."""
    found: dict[str, Leaf] = {}
    for key, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= leaves_of(kind, f"{prefix}{key}.")
        else:
            found[prefix + key] = _leaf(prefix + key, field)
    return found


def _leaf(name: str, field: FieldInfo) -> Leaf:
    kinds = set(_kinds(field.annotation))
    return Leaf(
        name=name,
        adapter=TypeAdapter(cast(Any, Annotated)[field.annotation, *field.metadata, None]),
        description=field.description or "",
        secret=SecretStr in kinds,
        optional=type(None) in kinds,
        plural=get_origin(field.annotation) is tuple,
        textual=str in kinds,
    )


def _kinds(annotation: Any) -> Iterable[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


def toml_layer(
    toml: TomlFile, leaves: Mapping[str, Leaf], arrays: Iterable[str], problems: list[str]
) -> dict[str, Value]:
    """Values of a file. Top-level `arrays` ([[watch]] and the like) are left to their own readers.

    A relative path in the file is relative to the file's folder.
    """
    layer: dict[str, Value] = {}

    def visit(keys: tuple[str, ...], value: Any) -> None:
        name = ".".join(keys)
        if name in leaves:
            _check_toml(toml, leaves[name], keys, value, layer, problems)
        elif not any(leaf.startswith(f"{name}.") for leaf in leaves):
            known = {leaf.split(".")[len(keys) - 1] for leaf in leaves if leaf.startswith(_parent(keys))}
            hint = did_you_mean(keys[-1], known | set(arrays) if len(keys) == 1 else known)
            problems.append(str(toml.complaint(f'unknown key "{name}"{hint}', *keys)))
        elif isinstance(value, dict):
            for key, inner in value.items():
                visit((*keys, key), inner)
        else:
            problems.append(str(toml.complaint(f"{name} is a table: write [{name}]", *keys)))

    for key, value in toml.data.items():
        if key not in arrays:
            visit((key,), value)
        elif not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
            problems.append(str(toml.complaint(f"{key} is a list of tables: write [[{key}]]", key)))
    return layer


def _parent(keys: tuple[str, ...]) -> str:
    return "".join(f"{key}." for key in keys[:-1])


def _check_toml(
    toml: TomlFile,
    leaf: Leaf,
    keys: tuple[str, ...],
    raw: Any,
    layer: dict[str, Value],
    problems: list[str],
) -> None:
    try:
        # Strict JSON: a number in quotes is a mistake; a path or a list of names is still plain text.
        value = leaf.adapter.validate_json(json.dumps(raw), strict=True)
    except TypeError:  # dates and times have no JSON
        problems.append(str(toml.complaint(f"{leaf.name} must not be a date or time", *keys)))
    except ValidationError as error:
        problems.extend(str(toml.complaint(line, *keys)) for line in _lines(leaf, raw, error))
    else:
        if isinstance(value, Path):
            value = toml.path.parent / value
        layer[leaf.name] = Value(value, f"{toml.path}:{toml.line_of(*keys)}")


def environment_layer(
    environ: Mapping[str, str],
    leaves: Mapping[str, Leaf],
    aliases: Mapping[str, str],
    not_settings: Iterable[str],
    problems: list[str],
) -> dict[str, Value]:
    """Values of `HKETO_*` variables; a secret may be in the file that `<NAME>_FILE` names.

    `aliases` maps dotted names to a second variable, which counts only when the first is absent. An empty
    variable means "unset" where that is possible, and an empty list or text.
    """
    layer: dict[str, Value] = {}
    known: set[str] = set(not_settings)
    for leaf in leaves.values():
        names = [leaf.env, *filter(None, [aliases.get(leaf.name)])]
        for name in names:
            known |= {name, f"{name}_FILE"} if leaf.secret else {name}
        found = next(filter(None, (_variable(environ, name, leaf, problems) for name in names)), None)
        if found is not None:
            _check_text(leaf, found[0], f"environment {found[1]}", layer, problems)
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            hint = did_you_mean(name, known)
            problems.append(f"environment {name}: no such setting{hint if 'did you' in hint else ''}")
    return layer


def _variable(
    environ: Mapping[str, str], name: str, leaf: Leaf, problems: list[str]
) -> tuple[str, str] | None:
    """(text, name of the variable it came from), None when neither variable is there."""
    file = environ.get(f"{name}_FILE") if leaf.secret else None
    if not file:
        return (environ[name], name) if name in environ else None
    if environ.get(name):
        problems.append(f"environment {name} and {name}_FILE are both set: keep one")
        return None
    try:
        text = Path(file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(
            f"environment {name}_FILE: cannot read {file}: {getattr(error, 'strerror', None) or error}"
        )
        return None
    if not text:
        problems.append(f"environment {name}_FILE: {file} is empty")
        return None
    return text, f"{name}_FILE"


def _check_text(leaf: Leaf, text: str, origin: str, layer: dict[str, Value], problems: list[str]) -> None:
    raw: Any = text
    if leaf.plural:
        raw = [part.strip() for part in text.split(",") if part.strip()]
    elif not text and leaf.optional:
        raw = None
    elif not text and not leaf.textual:
        problems.append(f"{origin}: {leaf.name} must not be empty")
        return
    _check_python(leaf, raw, origin, layer, problems)


def override_layer(
    values: Mapping[str, object], leaves: Mapping[str, Leaf], origin: str, problems: list[str]
) -> dict[str, Value]:
    """Values handed in by the program (flags). None means that the flag was not given.

    Raises KeyError for a name that is no setting: a mistake of the caller's, not of the user's.
    """
    layer: dict[str, Value] = {}
    for name, value in values.items():
        leaf = leaves[name]
        if value is not None:
            _check_python(leaf, value, origin, layer, problems)
    return layer


def _check_python(leaf: Leaf, raw: object, origin: str, layer: dict[str, Value], problems: list[str]) -> None:
    try:
        layer[leaf.name] = Value(leaf.adapter.validate_python(raw), origin)
    except ValidationError as error:
        problems.extend(f"{origin}: {line}" for line in _lines(leaf, raw, error))


def _lines(leaf: Leaf, raw: object, error: ValidationError) -> list[str]:
    """One sentence for each thing pydantic found wrong, without its own vocabulary."""
    shown = "" if leaf.secret or isinstance(raw, dict | list) else f", not {json.dumps(raw, default=str)}"
    lines = []
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        place = "".join(f"[{part}]" for part in found["loc"] if isinstance(part, int))
        said = found["msg"].removeprefix("Value error, ").removeprefix("Input ").split(", unable to parse")[0]
        said = said.replace("should be", "must be", 1).replace("String should", "must", 1)
        lines.append(f"{leaf.name}{place} {said}{shown}")
    return list(dict.fromkeys(lines))


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`{"poll.batch": 3}` → `{"poll": {"batch": 3}}`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return tree


def as_text(value: object) -> str:
    """A value as an environment variable holds it, secrets in plain text; None is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(value)
        case float():
            return repr(value)
        case _:
            return str(value)
