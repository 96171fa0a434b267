"""Every mart and serving relation says in Vietnamese what it is and what one row is; staging models list their columns."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

MODELS = Path(__file__).parents[2] / "dbt" / "models"


def described() -> dict[str, str]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in MODELS.rglob("*.yml")]
    return {model["name"]: model.get("description", "") for body in files for model in body.get("models", [])}


def test_models__of_marts_indicators_and_serving_are_described() -> None:
    words = described()
    names = [
        p.stem
        for folder in ("marts", "indicators", "serving", "intermediate")
        for p in (MODELS / folder).rglob("*.sql")
    ]
    assert len(names) > 80
    assert not [name for name in names if len(words.get(name, "")) < 15]


def test_models__that_people_read_promise_columns_types_and_a_key_in_both_languages() -> None:
    """The contract itself is dbt's to enforce (dbt_project.yml); what it must say is asked here."""
    files = [*(MODELS / "marts").rglob("*.yml"), *(MODELS / "serving").glob("*.yml")]
    promised = {m["name"]: m for f in files for m in yaml.safe_load(f.read_text(encoding="utf-8"))["models"]}
    names = {p.stem for f in (MODELS / "marts", MODELS / "serving") for p in f.rglob("*.sql") if p.parent.name != "catalog"}
    assert len(names) > 80
    assert not names - set(promised)
    for name in sorted(names | {"obs_indicator", "dim_norm"}):
        model = promised[name]
        words, columns = model["config"]["meta"], {c["name"]: c for c in model["columns"]}
        assert words["en"] and model["description"] != words["en"], name
        assert set(words["key"]) <= set(columns) and (words["key"] or "một dòng." in model["description"]), name
        lacking = [c for c in columns.values() if not (c["data_type"] and c["description"] and c["config"]["meta"]["en"])]
        assert columns and not lacking, (name, lacking)


def test_staging__lists_its_columns_and_keeps_lineage() -> None:
    files = sorted((MODELS / "staging").rglob("*.sql"))
    assert len(files) > 20
    for file in files:
        last = file.read_text(encoding="utf-8").rsplit("\nselect", 1)[-1]
        assert not re.match(r"\s*\*", last), f"{file.name} selects everything"
        assert "lineage()" in last or ("extract_id" in last and "loaded_at" in last), file.name


def test_project__is_not_a_python_package() -> None:
    """`dbt/__init__.py` would hide the library of that name from every import made in the checkout."""
    assert (MODELS.parent / "dbt_project.yml").is_file() and not (MODELS.parent / "__init__.py").exists()
