"""`python -m boards.setup` in `.venv-boards`: metadata, roles, users, translations and boards, in one process.

Safe to repeat; when neither code, boards nor the served columns changed, a second call only looks. Prints one line a step.
`--check` changes nothing and names what somebody changed by hand (exit 1).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from boards import access, bundle, drift, serve

USERS = {
    "admin": ("Admin", "Quản trị", "SUPERSET_ADMIN_PASSWORD"),
    "lanh_dao": ("Lanh_dao", "Lãnh đạo", "SUPERSET_LANH_DAO_PASSWORD"),
    "phan_tich": ("Phan_tich", "Phân tích", "SUPERSET_PHAN_TICH_PASSWORD"),
    "du_lieu": ("Du_lieu", "Dữ liệu", "SUPERSET_DU_LIEU_PASSWORD"),
}
#: What a leader may do: open boards and their charts, export nothing, write nothing, no SQL.
READ = [
    ("can_read", "Dashboard"), ("can_read", "Chart"), ("can_read", "Dataset"), ("can_dashboard", "Superset"), ("can_slice", "Superset"), ("can_explore_json", "Superset"),
    ("can_dashboard_permalink", "Superset"), ("can_read", "DashboardPermalinkRestApi"), ("can_write", "DashboardPermalinkRestApi"), ("can_read", "DashboardFilterStateRestApi"), ("can_write", "DashboardFilterStateRestApi"),
    ("can_read", "CurrentUserRestApi"), ("can_userinfo", "UserDBModelView"), ("can_recent_activity", "Log"), ("can_log", "Superset"), ("can_read", "CssTemplate"), ("can_read", "Theme"),
    ("can_view_chart_as_table", "Dashboard"), ("can_view_query", "Dashboard"), ("can_get_embedded", "Dashboard"), ("can_time_range", "Api"), ("can_query", "Api"), ("can_query_form_data", "Api"),
    ("can_language_pack", "Superset"), ("menu_access", "Dashboards"), ("menu_access", "Home"), ("resetmypassword", "UserDBModelView"), ("can_get", "MenuApi"), ("can_get", "OpenApi"),
]  # fmt: skip
ANALYST = [
    ("can_read", "SQLLab"), ("can_execute_sql_query", "SQLLab"), ("can_get_results", "SQLLab"), ("can_estimate_query_cost", "SQLLab"), ("can_format_sql", "SQLLab"), ("can_sqllab", "Superset"), ("can_sqllab_history", "Superset"),
    ("can_read", "Database"), ("can_read", "Query"), ("can_read", "SavedQuery"), ("can_write", "SavedQuery"), ("can_activate", "TabStateView"), ("can_get", "TabStateView"), ("can_post", "TabStateView"), ("can_put", "TabStateView"),
    ("can_delete", "TabStateView"), ("can_delete_query", "TabStateView"), ("can_expanded", "TableSchemaView"), ("can_post", "TableSchemaView"), ("can_delete", "TableSchemaView"), ("menu_access", "SQL Lab"), ("menu_access", "SQL Editor"),
    ("menu_access", "Saved Queries"), ("menu_access", "Query Search"), ("can_explore", "Superset"), ("can_read", "ExploreFormDataRestApi"), ("can_write", "ExploreFormDataRestApi"), ("can_samples", "Datasource"), ("can_get", "Datasource"), ("menu_access", "Charts"), ("menu_access", "Datasets"),
]  # fmt: skip


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def served_columns(relations: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Columns of each relation in the served build. Raises SystemExit naming the one that is missing."""
    from warehouse import connect

    found = {}
    with connect.served(access.database_path()) as con:
        for relation in relations:
            schema, table = relation.split(".")
            rows = con.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
                [schema, table],
            ).fetchall()
            if not rows:
                raise SystemExit(
                    f"LỖI IOC-502 · Bản đang phục vụ không có {relation}. The served build has no {relation}. Fix: ./ioc run"
                )
            found[relation] = [(str(n), str(t)) for n, t in rows]
    return found


def install_translations() -> None:
    """Vietnamese for the server and the browser, written into the package: it ships none."""
    import superset

    target = Path(superset.__file__).parent / "translations" / "vi" / "LC_MESSAGES"
    target.mkdir(parents=True, exist_ok=True)
    words: dict[str, str] = json.loads((Path(__file__).parent / "translations" / "vi.json").read_text(encoding="utf-8"))
    jed = {
        "domain": "superset",
        "locale_data": {
            "superset": {
                "": {"domain": "superset", "plural_forms": "nplurals=1; plural=0", "lang": "vi"},
                **{k: [v] for k, v in words.items()},
            }
        },
    }
    (target / "messages.json").write_text(json.dumps(jed, ensure_ascii=False), encoding="utf-8")
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalog = Catalog(locale="vi")
    for english, vietnamese in words.items():
        catalog.add(english, vietnamese)
    with (target / "messages.mo").open("wb") as file:
        write_mo(file, catalog)


def _role(manager: Any, name: str, wanted: list[tuple[str, str]], access_to: list[Any]) -> None:
    role = manager.find_role(name) or manager.add_role(name)
    held = []
    for permission, view in wanted:
        found = manager.find_permission_view_menu(permission, view)
        if found:
            held.append(found)
    role.permissions = held + access_to


def _users(manager: Any, session: Any) -> None:
    for name, (role_name, words, secret) in USERS.items():
        password = access.make(secret, 18)
        user = manager.find_user(username=name)
        role = manager.find_role(role_name)
        if user is None:
            manager.add_user(name, words, "IOC", f"{name}@ioc.local", role, password=password)
        else:
            user.roles = [role]
            if not _accepts(user, password):
                manager.reset_password(user.id, password)
    session.commit()


def _accepts(user: Any, password: str) -> bool:
    from werkzeug.security import check_password_hash

    return bool(check_password_hash(user.password, password))


def _prune(session: Any, files: dict[str, str]) -> list[str]:
    """Remove charts, datasets and boards that are ours no more."""
    import yaml
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    wanted = {str(yaml.safe_load(text).get("uuid")) for path, text in files.items() if path != "metadata.yaml"}
    gone = []
    for model in (Dashboard, Slice, SqlaTable):
        for item in session.query(model).all():
            if str(item.uuid) not in wanted:
                gone.append(str(item))
                session.delete(item)
    session.commit()
    return gone


def _check(files: dict[str, str]) -> int:
    """Say what Superset has that the bundles have not said: 0 when nothing."""
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask import g
        from superset import security_manager
        from superset.commands.export.assets import ExportAssetsCommand

        with app.test_request_context():
            g.user = security_manager.find_user(username="admin")
            found = drift.differences(files, {name: body() for name, body in ExportAssetsCommand().run()})
    for line in found:
        say(line)
    say(
        f"bảng điều hành: {len(found)} chỗ khác với boards/bundles"
        if found
        else "bảng điều hành: đúng như boards/bundles"
    )
    return 1 if found else 0


def main() -> None:
    clock = time.monotonic()
    for name, value in serve.environment().items():
        os.environ.setdefault(name, value)
    access.make("SUPERSET_SECRET_KEY")
    access.make("SUPERSET_GUEST_SECRET")
    bundles = bundle.all_bundles()
    waiting = "--metadata-only" in sys.argv
    stamp = access.home() / "superset" / ("metadata.stamp" if waiting else "boards.stamp")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    if not waiting:
        uri = f"duckdb:///{access.home()}/serving/current/marts.duckdb"
        files = bundle.compile_assets(bundles, served_columns(bundle.datasets(bundles)), uri)
    if "--check" in sys.argv:
        raise SystemExit(_check(files))
    code = b"".join(
        p.read_bytes()
        for p in sorted(Path(__file__).parent.glob("*.py")) + sorted((Path(__file__).parent / "translations").glob("*"))
    )
    mark = hashlib.sha256(code + bundle.fingerprint(files).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        say("bảng điều hành: không đổi")
        return
    install_translations()
    say(f"{time.monotonic() - clock:5.1f}s  Superset: nạp chương trình")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask_migrate import upgrade
        from superset import db, security_manager

        database = access.home() / "superset" / "superset.db"
        import superset

        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        say(f"{time.monotonic() - clock:5.1f}s  Superset: cơ sở dữ liệu mô tả")
        roles_stamp = access.home() / "superset" / "roles.stamp"
        if not roles_stamp.exists():
            from superset import appbuilder

            appbuilder.add_permissions(update_perms=True)
            security_manager.sync_role_definitions()
            roles_stamp.write_text("ok")
        say(f"{time.monotonic() - clock:5.1f}s  Superset: quyền")
        database.chmod(0o600)
        for name in ("Lanh_dao", "Phan_tich", "Du_lieu"):
            if not security_manager.find_role(name):
                security_manager.add_role(name)
        _users(security_manager, db.session)
        if not waiting:
            _import(app, db, security_manager, files, bundles)
            say(f"{time.monotonic() - clock:5.1f}s  Superset: {len(bundles)} bảng điều hành")
    stamp.write_text(mark)
    say(f"{time.monotonic() - clock:5.1f}s  Superset: xong")


def _import(app: Any, db: Any, manager: Any, files: dict[str, str], bundles: dict[str, Any]) -> None:
    """Import the boards as the administrator, prune, then give roles what they need (identifiers exist only now)."""
    from flask import g
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    g.user = manager.find_user(username="admin")
    with app.test_request_context():
        g.user = manager.find_user(username="admin")
        ImportAssetsCommand(files).run()
        db.session.commit()
        _prune(db.session, files)
    held = {str(s.uuid) for s in db.session.query(Slice).all()}
    for name, one in bundles.items():
        missing = [key for key in one["charts"] if bundle.identity("chart", f"{name}/{key}") not in held]
        if missing:
            raise SystemExit(
                f"LỖI IOC-503 · Bảng {name} thiếu biểu đồ {missing} sau khi nhập. Charts are missing after the import."
            )
    for database in db.session.query(Database).all():
        manager.add_permission_view_menu("database_access", database.perm)
        access_to = [manager.find_permission_view_menu("database_access", database.perm)]
    leader = [p for p in READ if p != ("can_view_query", "Dashboard")]
    shown = [
        manager.find_permission_view_menu("datasource_access", dataset.perm)
        for dataset in db.session.query(SqlaTable).all()
    ]
    _role(manager, "Lanh_dao", leader, [p for p in shown if p])
    _role(manager, "Phan_tich", READ + ANALYST, access_to)
    _role(manager, "Du_lieu", READ + ANALYST, access_to)
    manager.find_role("Public").permissions = [
        p for p in [manager.find_permission_view_menu("can_language_pack", "Superset")] if p
    ]
    for name, one in bundles.items():
        dashboard = db.session.query(Dashboard).filter_by(uuid=bundle.identity("dashboard", name)).one()
        dashboard.roles = [manager.find_role(role) for role in one["board"]["roles"]]
    db.session.commit()
    shutil.rmtree(access.home() / "superset" / "cache", ignore_errors=True)


if __name__ == "__main__":
    main()
