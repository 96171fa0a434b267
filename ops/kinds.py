"""`ioc source kinds`: what can be connected and with which arguments, from the connectors themselves.

`docs/connectors.md` is this page as a file; a test compares the two.
"""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ingestion import connectors

_HEAD = """# Connectors

What a source's YAML may say under `connector:` (where it is and how to log in) and under a table's `read:` (what to read there).
Unknown arguments are refused with the nearest right name. `${NAME}` in a value is read from the environment; a secret is
named, never written: `password: {secret: NAME}` is the environment variable NAME or the file `<IOC_HOME>/secrets/NAME`.

Made by `./ioc source kinds --markdown`; change the connectors, not this page.
"""


def describe() -> list[dict[str, Any]]:
    """One dictionary a kind: `kind`, `about`, `connection` and `read` (argument → type, default, words)."""
    found = []
    for kind in sorted(connectors.KINDS):
        module = connectors.module(kind)
        found.append(
            {
                "kind": kind,
                "about": inspect.cleandoc(inspect.getdoc(module) or ""),
                "connection": _arguments(module.Connection),
                "read": _arguments(module.Read),
            }
        )
    return found


def markdown() -> str:
    parts = [_HEAD]
    for one in describe():
        parts += [f"## `{one['kind']}`", one["about"]]
        for title, arguments in (("connector", one["connection"]), ("read", one["read"])):
            if arguments:
                rows = [
                    f"| `{a['name']}` | {a['type']} | {a['default']} | {a['about']} |".replace(" |  |", " | |")
                    for a in arguments
                ]
                parts.append("\n".join([f"| `{title}:` | type | default | |", "|---|---|---|---|", *rows]))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _arguments(model: type[BaseModel], prefix: str = "") -> list[dict[str, str]]:
    """The fields of a model, nested ones by dotted names after the field that holds them."""
    rows = []
    for name, field in model.model_fields.items():
        shown = field.alias or name
        if generator := model.model_config.get("alias_generator"):
            shown = generator(name)  # type: ignore[operator]
        inner = _model_of(field.annotation)
        about = field.description or (_first_line(inner) if inner else "")
        rows.append(
            {
                "name": prefix + shown,
                "type": _type(field.annotation).replace("|", "\\|"),
                "default": _default(field),
                "about": about.replace("|", "\\|"),
            }
        )
        if inner:
            rows += _arguments(inner, f"{prefix}{shown}.")
    return rows


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is or may be; dictionaries and lists of models are not followed."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return next((m for a in get_args(annotation) if (m := _model_of(a))), None)
    return None


def _first_line(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n")[0].split()) if model.__doc__ else ""


def _type(annotation: Any) -> str:
    if annotation is type(None):
        return "null"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(f"`{a}`" for a in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_type(a) for a in arguments if a is not type(None))
    if origin is dict:
        return f"{_type(arguments[0])} → {_type(arguments[1])}"
    if origin in (list, tuple):
        return f"list of {_type(arguments[0])}"
    names = {str: "text", int: "whole number", float: "number", bool: "yes/no"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", {}, []) or isinstance(value, BaseModel):
        return ""
    return f"`{value}`".lower() if isinstance(value, bool) else f"`{value}`"
