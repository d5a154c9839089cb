"""The OpenAPI 3.1 document, made from the table of operations."""

from typing import Any

from pledge.api.operations import JSON, OPERATIONS, ROOT, Operation, Parameter
from pledge.api.schemas import SCHEMAS
from pledge.instance import Instance

_CACHED = {
    "ETag": {"schema": {"type": "string"}, "description": "Send it back as If-None-Match."},
    "Cache-Control": {"schema": {"type": "string"}},
}


def document(instance: Instance) -> dict[str, Any]:
    """Describe the API of this site."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Pledge",
            "version": "1",
            "summary": "Who signed a pledge against reckless scaling, and how many, as the public log has it.",
            "description": "All of it follows from the log, which `pledge audit` recounts. Nothing needs a key.",
            "contact": {"name": instance.genesis.operator},
        },
        "servers": [{"url": instance.config.url + ROOT}],
        "paths": {operation.path: {"get": _get(operation)} for operation in OPERATIONS},
        "components": {"schemas": SCHEMAS},
    }


def _get(operation: Operation) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{operation.schema}"} if operation.schema else {"type": "string"}
    answers: dict[str, Any] = {
        "200": {
            "description": "It is here.",
            "headers": _CACHED,
            "content": {operation.media_type.partition(";")[0]: {"schema": schema}},
        },
        "304": {"description": "It has not changed."},
    }
    if operation.parameters:
        answers["400"] = _problem("A parameter is not of its form.")
        answers["404"] = _problem("There is no such thing.")
    answers["503"] = _problem("Not available right now; Retry-After says when.")
    return {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": answers,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.in_path,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _problem(description: str) -> dict[str, Any]:
    content = {f"{JSON.partition('/')[0]}/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}
