"""Superset's settings (docs/decisions/0001, 0002). Named by SUPERSET_CONFIG_PATH; imports nothing of the pipeline.

The wall is which file a connection can open: read-only, no other file, no settings, the served build's real path at every
connection. Everything else here is comfort and hardening around it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from flask_caching.backends.filesystemcache import FileSystemCache
from superset.utils.log import StdOutEventLogger

from boards import access, pages

os.environ["TZ"] = "Asia/Ho_Chi_Minh"
HOME = access.home()
FOLDER = HOME / "superset"
FOLDER.mkdir(parents=True, exist_ok=True)

SECRET_KEY = access.key("SUPERSET_SECRET_KEY")
GUEST_TOKEN_JWT_SECRET = access.key("SUPERSET_GUEST_SECRET")
SQLALCHEMY_DATABASE_URI = f"sqlite:///{FOLDER / 'superset.db'}?timeout=30"
SQLALCHEMY_EXAMPLES_URI = SQLALCHEMY_DATABASE_URI
EVENT_LOGGER = StdOutEventLogger()

# -- the data ----------------------------------------------------------------------------------------------------------
DATABASE_URI = f"duckdb:///{HOME}/serving/current/marts.duckdb"
#: What DuckDB may do for a board or for SQL Lab: read this one file. Its time zone is the process's, TZ.
SANDBOX = {
    "read_only": True,
    "config": {"threads": 2, "memory_limit": "1GB", "enable_external_access": False, "lock_configuration": True},
}


def DB_CONNECTION_MUTATOR(
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Open the real path of the build that is served now, whatever the URI says, always in the sandbox."""
    if uri.drivername.startswith("duckdb"):
        uri = uri.set(database=str(access.database_path()))
        params["connect_args"] = SANDBOX
    return uri, params


class BuildCache(FileSystemCache):
    """A file cache whose keys begin with the build that is served, so that a publication shows at once."""

    def _get_filename(self, key: str) -> str:
        return super()._get_filename(f"{access.database_path().parent.name}:{key}")


def build_cache(app: Any, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> BuildCache:
    return BuildCache(cache_dir=config["CACHE_DIR"], threshold=2000, default_timeout=config["CACHE_DEFAULT_TIMEOUT"])


def _cache(name: str, seconds: int, kind: str = "FileSystemCache") -> dict[str, Any]:
    return {
        "CACHE_TYPE": kind,
        "CACHE_DIR": str(FOLDER / "cache" / name),
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_THRESHOLD": 2000,
        "CACHE_KEY_PREFIX": f"{name}_",
    }


CACHE_CONFIG = _cache("metadata", 3600)
# Ages on the board are computed by queries against now(): half a minute is as old as they may look.
DATA_CACHE_CONFIG = _cache("data", 30, "boards.superset_config.build_cache")
FILTER_STATE_CACHE_CONFIG = _cache("filter", 86400)
EXPLORE_FORM_DATA_CACHE_CONFIG = _cache("explore", 86400)

# -- who and how long ----------------------------------------------------------------------------------------------------
AUTH_ROLE_PUBLIC = "Public"
PUBLIC_ROLE_LIKE = None
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "10 per minute"
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
PERMANENT_SESSION_LIFETIME = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
WTF_CSRF_ENABLED = True
ENABLE_PROXY_FIX = True
FAB_ADD_SECURITY_API = False
FAB_API_SWAGGER_UI = False
PREVENT_UNSAFE_DB_CONNECTIONS = True

# -- the page ------------------------------------------------------------------------------------------------------------
ENABLE_CORS = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"], "default-src": ["'self'"], "img-src": ["'self'", "blob:", "data:"], "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"], "object-src": "'none'", "style-src": ["'self'", "'unsafe-inline'"], "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"], "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
    "frame_options": "SAMEORIGIN",
}  # fmt: skip
HTML_SANITIZATION = True
HTML_SANITIZATION_SCHEMA_EXTENSIONS = {"attributes": {"*": ["className"]}}  # the row of links above each board
ESCAPE_MARKDOWN_HTML = False
SUPERSET_DASHBOARD_PERIODICAL_REFRESH_LIMIT = 0
DASHBOARD_AUTO_REFRESH_MODE = "fetch"
APP_NAME = "Đông Sơn"
FAVICONS = [{"href": "/static/assets/images/favicon.png"}]
#: A star of the bronze drum and the name, drawn here: no file of ours lies in Superset's package.
_LOGO = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 190 40'><g transform='translate(20 20)' fill='none' stroke='#b26a00' stroke-width='1.6'>"
    "<circle r='16'/><circle r='11.5'/></g><path fill='#b26a00' d='M20 10l2 7 6-3-3 6 7 2-7 2 3 6-6-3-2 7-2-7-6 3 3-6-7-2 7-2-3-6 6 3z'/>"
    "<text x='46' y='27' font-family='Inter,Helvetica,Arial,sans-serif' font-size='20' font-weight='700' fill='#12304f'>Đông Sơn</text></svg>"
)
THEME_DEFAULT = {
    "token": {
        "brandAppName": "Đông Sơn", "brandLogoAlt": "Đông Sơn", "brandLogoUrl": "data:image/svg+xml;utf8," + quote(_LOGO), "brandLogoHref": "/superset/welcome/",
        "brandLogoHeight": "30px", "colorPrimary": "#12436d", "colorLink": "#12436d", "colorSuccess": "#1a7f4e", "colorWarning": "#b26a00", "colorError": "#b3261e", "colorInfo": "#12436d",
        "brandLogoMargin": "14px 0", "brandIconMaxWidth": 150, "fontUrls": [], "fontFamily": "Inter, Helvetica, Arial, sans-serif", "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace", "transitionTiming": 0.3,
        "fontSizeXS": "8", "fontSizeXXL": "28", "fontWeightNormal": "400", "fontWeightLight": "300", "fontWeightStrong": "500", "fontWeightBold": "700",
    },
    "algorithm": "default",
}  # fmt: skip
THEME_DARK = None
#: Each at least 3 : 1 to white and to its neighbour; red and green are kept for status.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {"id": "dongson", "label": "Đông Sơn", "description": "", "isDefault": True, "colors": ["#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1"]}
]  # fmt: skip
LOGO_TARGET_PATH = "/superset/welcome/"
BABEL_DEFAULT_LOCALE = "vi"
BABEL_DEFAULT_TIMEZONE = "Asia/Ho_Chi_Minh"
LANGUAGES = {"vi": {"flag": "vn", "name": "Tiếng Việt"}, "en": {"flag": "us", "name": "English"}}
D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}
D3_TIME_FORMAT = {
    "dateTime": "%H:%M %d/%m/%Y", "date": "%d/%m/%Y", "time": "%H:%M:%S", "periods": ["SA", "CH"],
    "days": ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"], "shortDays": ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    "months": [f"tháng {m}" for m in range(1, 13)], "shortMonths": [f"th{m}" for m in range(1, 13)],
}  # fmt: skip
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ALERT_REPORTS": False,
    "EMBEDDED_SUPERSET": False,
    "DASHBOARD_VIRTUALIZATION": False,
}
ROW_LIMIT = 5000
SQL_MAX_ROW = 50_000
DISPLAY_MAX_ROW = 10_000
CSV_STREAMING_ROW_THRESHOLD = (
    10_000_000  # the streaming export does not escape formulas: never reached below SQL_MAX_ROW
)
SQLLAB_TIMEOUT = 60
SUPERSET_WEBSERVER_TIMEOUT = 120
MAPBOX_API_KEY = ""


def FLASK_APP_MUTATOR(app: Any) -> None:
    """Mend two faults of Superset 6.1 before serving, and show the data catalogue of the served build at /danh-muc/.

    Celery's tasks are bound: bound lazily, the first concurrent SQL Lab queries of a start fail. And the telemetry that the
    login page sends before anybody signed in is dropped: refused the usual way, its late answer sets an anonymous session
    over the one just signed in, and the user is back at the login page.
    """
    from flask import Response, current_app, redirect, request, session
    from superset.extensions import celery_app

    celery_app.finalize()
    for task in celery_app.tasks.values():
        task.bind(celery_app)

    def drop_anonymous_telemetry() -> tuple[str, int] | None:
        return ("", 204) if request.path == "/superset/log/" and "_user_id" not in session else None

    # First of all, and without asking for the user: every other step on the way touches the session.
    app.before_request_funcs.setdefault(None, []).insert(0, drop_anonymous_telemetry)

    def data_catalogue() -> Any:
        """The page made with the build, for whoever is signed in; its one script runs by the nonce of this answer."""
        if "_user_id" not in session:
            return redirect("/login/?next=/danh-muc/")
        page = HOME / "serving" / "current" / "catalogue.html"
        if not page.exists():
            return Response(
                "Chưa có danh mục: bản đang phục vụ cũ hơn nó.", status=404, mimetype="text/plain; charset=utf-8"
            )
        nonce = current_app.jinja_env.globals["csp_nonce"]()
        return Response(
            page.read_text(encoding="utf-8").replace("<script>", f'<script nonce="{nonce}">'), mimetype="text/html"
        )

    app.add_url_rule("/danh-muc/", "data_catalogue", data_catalogue)
    pages.register(app)
