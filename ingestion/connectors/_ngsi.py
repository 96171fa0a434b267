"""Entities of FIWARE NGSI-v2 and NGSI-LD, in whatever form they are sent, as one flat record each.

Normalized, concise and key-value forms of an entity give the same values: an attribute's value under its name, what is said
about it under dotted names (`no2.unitCode`, `no2.observedAt`), places and other structures as they are.
"""

from __future__ import annotations

from typing import Any

#: What only an attribute in normalized or concise form has beside its value.
_ABOUT = {"unitCode", "observedAt", "datasetId", "metadata", "providedBy"}


def flat(entity: dict[str, Any]) -> dict[str, Any]:
    """One record. `id`, `type` and `@context` stay as they are; a GeoJSON feature is unfolded, its geometry is `location`."""
    if entity.get("type") == "Feature" and isinstance(entity.get("properties"), dict):
        entity = {"id": entity.get("id"), "location": entity.get("geometry"), **entity["properties"]}
    record: dict[str, Any] = {}
    for name, attribute in entity.items():
        if name in ("id", "type", "@context", "@id", "@type") or not _is_attribute(attribute):
            record[name] = attribute
            continue
        record[name] = _value(attribute)
        about = {k: v for k, v in attribute.items() if k not in ("type", "metadata", *_VALUES)}
        about |= attribute.get("metadata") or {}
        for key, said in about.items():
            record[f"{name}.{key}"] = _value(said) if _is_attribute(said) else said
    return record


_VALUES = ("value", "object", "languageMap", "vocab", "json")


def _is_attribute(value: Any) -> bool:
    """Whether a value is an attribute in normalized or concise form, and not a structure of its own."""
    if not isinstance(value, dict) or not any(key in value for key in _VALUES):
        return False
    return "type" in value or bool(_ABOUT & value.keys()) or value.keys() <= {*_VALUES}


def _value(attribute: dict[str, Any]) -> Any:
    """What an attribute says; a typed value (`@type` and `@value`, or written as an attribute once more) bare."""
    value = next(attribute[key] for key in _VALUES if key in attribute)
    if isinstance(value, dict) and value.keys() in ({"@type", "@value"}, {"type", "value"}):
        return value.get("@value", value.get("value"))
    return value
