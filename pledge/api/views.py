"""The API over HTTP: for anybody, from any page, without a key or a cookie."""

import json
import re
from functools import partial
from typing import Final

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from pledge.api.openapi import document
from pledge.api.operations import JSON, OPERATIONS, ROOT, Operation, Parameter
from pledge.api.schemas import SCHEMAS
from pledge.errors import MalformedError
from pledge.instance import get_instance

bp = Blueprint("api", __name__)

_SECONDS: Final = 60
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@bp.get("/api")
def page() -> str:
    """Show people what programs can ask."""
    return render_template(
        "api/reference.html",
        root=get_instance().config.url + ROOT,
        operations=OPERATIONS,
        schemas=SCHEMAS,
        document=document(get_instance()),
    )


@bp.get(f"{ROOT}/openapi.json")
def openapi() -> AnyResponse:
    """Give the OpenAPI document."""
    return _answer(json.dumps(document(get_instance()), ensure_ascii=False), "application/openapi+json")


def _run(operation: Operation, **path: str) -> AnyResponse:
    asked = {
        parameter.name: _read(parameter, text)
        for parameter in operation.parameters
        if (text := path.get(parameter.name) if parameter.in_path else request.args.get(parameter.name))
        is not None
    }
    instance = get_instance()
    with instance.database.reading() as session:
        found = operation.answer(session, instance, **asked)
    body = json.dumps(found, ensure_ascii=False) if operation.media_type == JSON else found
    return _answer(body, operation.media_type)


def _answer(body: str, media_type: str) -> AnyResponse:
    response = Response(body, content_type=media_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    response.add_etag()
    return response.make_conditional(request)


def _read(parameter: Parameter, text: str) -> str | int:
    """Read a parameter by its schema.

    Raises:
        MalformedError: It is not of its form.
    """
    schema = parameter.schema
    if schema["type"] == "integer":
        number = int(text) if _INTEGER.fullmatch(text) else None
        if number is not None and schema["minimum"] <= number <= schema["maximum"]:
            return number
    elif (
        schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
        and text in schema.get("enum", [text])
        and ("pattern" not in schema or re.search(schema["pattern"] + r"\Z", text, re.ASCII))
    ):
        return text
    raise MalformedError("The parameter %(name)s is not of its form.", code="parameter", name=parameter.name)


for _operation in OPERATIONS:
    bp.add_url_rule(
        ROOT + _operation.path.replace("{", "<").replace("}", ">"),
        endpoint=_operation.id,
        view_func=partial(_run, _operation),
        methods=["GET"],
    )
