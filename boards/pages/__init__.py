"""Pages of ours inside Superset's process: server-rendered, without scripts, for signed-in people.

`/vao/` signs in with Superset's own users, `/lanh-dao/` says in ten seconds what is red, since when and who acts by when.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from boards.pages import questions, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

COOKIE = "ngon_ngu"
#: A role of this name followed by a commune's code sees that commune alone.
AREA_ROLE = "Lanh_dao_"


def area_of(user: Any) -> str | None:
    """The one commune that the user may see; None for the whole province."""
    names = [role.name for role in getattr(user, "roles", [])]
    return next((n.removeprefix(AREA_ROLE) for n in names if n.startswith(AREA_ROLE)), None)


def local_path(target: str) -> str:
    """`target` when it is a path of this server, else the leader page: a sign-in never sends people elsewhere."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_local else "/lanh-dao/"


def register(app: Flask) -> None:
    """Add the pages to Superset's application; called once from FLASK_APP_MUTATOR."""
    from flask import (
        Blueprint,
        current_app,
        g,
        make_response,
        redirect,
        render_template,
        request,
    )
    from flask_appbuilder.const import AUTH_OAUTH
    from flask_login import login_user, logout_user

    pages = Blueprint("pages", __name__, template_folder="templates")

    def language() -> str:
        asked = request.args.get("lang") or request.cookies.get(COOKIE, "")
        return asked if asked in words.LANGUAGES else "vi"

    def show(template: str, status: int = 200, **values: Any) -> Any:
        chosen = language()

        def with_query(**changed: str) -> str:
            return "?" + urlencode({**request.args, **changed})

        page = render_template(
            f"pages/{template}",
            lang=chosen,
            t=words.of(chosen),
            sector=words.sectors(chosen),
            with_query=with_query,
            **values,
        )
        answer = make_response(page, status)
        answer.headers["Cache-Control"] = "private, no-store"
        if request.args.get("lang") == chosen:
            answer.set_cookie(
                COOKIE, chosen, max_age=31_536_000, httponly=True, samesite="Lax", secure=request.is_secure
            )
        return answer

    def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**values: Any) -> Any:
            if not g.user or not g.user.is_authenticated:
                return redirect(f"/vao/?{urlencode({'next': request.full_path.rstrip('?')})}")
            try:
                return view(**values)
            except questions.NotKeptError:
                return show("not_kept.html", 404)

        return guarded

    @pages.route("/vao/", methods=["GET", "POST"])
    def sign_in() -> Any:
        target = local_path(request.args.get("next", ""))
        if g.user and g.user.is_authenticated:
            return redirect(target)
        security = current_app.appbuilder.sm
        providers = [p["name"] for p in security.oauth_providers] if security.auth_type == AUTH_OAUTH else []
        if request.method == "GET" or providers:
            return show("sign_in.html", providers=providers, target=target, is_refused=False)
        user = security.auth_user_db(request.form.get("username", ""), request.form.get("password", ""))
        if not user:
            return show("sign_in.html", 401, providers=[], target=target, is_refused=True)
        login_user(user, remember=False)
        return redirect(target)

    @pages.route("/ra/", methods=["POST"])
    def sign_out() -> Any:
        logout_user()
        return redirect("/vao/")

    @pages.route("/lanh-dao/")
    @signed_in
    def leader() -> Any:
        limited_to = area_of(g.user)
        build = questions.served_build(request.args.get("ban", ""), request.args.get("luc", ""))
        with questions.asked(build) as ask:
            area = questions.area(ask, limited_to or request.args.get("xa", ""))
            # A page that reloads by itself fails WCAG 2.2.1 unless its reader asked for it.
            is_refreshing = request.args.get("tu_moi") == "1" and not build.now
            shown = questions.leader(ask, area, is_limited=bool(limited_to))
            return show("leader.html", **shown, build=build, is_refreshing=is_refreshing)

    app.register_blueprint(pages)
    # FAB guards its own login page so; the same attempts a minute hold here.
    security = app.appbuilder.sm  # type: ignore[attr-defined]
    name = "pages.sign_in"
    app.view_functions[name] = security.limiter.limit(app.config["AUTH_RATE_LIMIT"], methods=["POST"])(
        app.view_functions[name]
    )
