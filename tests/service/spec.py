"""The official specification, against which every request and answer is checked."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "openapi"
OFFICIAL = "twelvelabs-official-openapi-1.3.yaml"
_BASE = "spec://official"


class Spec:
    """Finds operations by method and path, and names what a request or answer does wrong."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource(_BASE, resource)
        self._paths = sorted(
            ((_pattern(path), path) for path in document["paths"]),
            key=lambda pair: pair[1].count("{"),
        )

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        for pattern, template in self._paths:
            item = self._document["paths"][template]
            if pattern.fullmatch(path) and method.lower() in item:
                return template, item[method.lower()]
        return None

    def request(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        body: Any,
        form: list[tuple[str, str]] | None,
        files: list[str],
    ) -> list[str]:
        """What is wrong with a request; empty where all is well."""
        found = self.operation(method, path)
        if found is None:
            return [f"no operation {method} {path}"]
        _, operation = found
        wrong = self._query(operation, query)
        request = self._resolved(operation.get("requestBody"))
        if request is None:
            return wrong
        kinds = request["content"]
        kind = "multipart/form-data" if form is not None else "application/json"
        if kind not in kinds:
            return [*wrong, f"a body of {kind} where {', '.join(kinds)} is expected"]
        schema = kinds[kind]["schema"]
        value = self._typed(schema, form, files) if form is not None else body
        return wrong + self._errors(schema, value)

    def response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; empty where all is well."""
        found = self.operation(method, path)
        if found is None:
            return [f"no operation {method} {path}"]
        responses = found[1]["responses"]
        if str(status) not in responses:
            return [f"status {status} is not one of {', '.join(responses)}"] if status < 400 else []
        content = self._resolved(responses[str(status)]).get("content") or {}
        schema = content.get("application/json", {}).get("schema")
        return [] if schema is None or body is None else self._errors(schema, body)

    def _query(self, operation: dict[str, Any], query: list[tuple[str, str]]) -> list[str]:
        known = [self._resolved(item) for item in operation.get("parameters", [])]
        schemas = {item["name"]: item["schema"] for item in known if item["in"] == "query"}
        wrong = [f"unknown query parameter {name!r}" for name, _ in query if name not in schemas]
        for name in dict(query):
            if name in schemas:
                values = [value for key, value in query if key == name]
                wrong += self._errors(schemas[name], self._cast(schemas[name], values))
        return wrong

    def _typed(
        self, schema: dict[str, Any], form: list[tuple[str, str]] | None, files: list[str]
    ) -> dict[str, Any]:
        """The fields of a form with the types that the schema gives them."""
        properties = self._resolved(schema)["properties"]
        typed: dict[str, Any] = dict.fromkeys(files, "")
        for name in dict(form or []):
            values = [value for key, value in form or [] if key == name]
            typed[name] = self._cast(properties.get(name, {"type": "unknown"}), values)
        unknown = [name for name in typed if name not in properties]
        if unknown:
            typed["model_name"] = {"unknown fields": unknown}  # forms do not forbid more fields
        return typed

    def _cast(self, schema: dict[str, Any], values: list[str]) -> Any:
        schema = self._resolved(schema)
        kind = schema.get("type")
        if kind == "array":
            return values
        if kind in ("number", "integer"):
            return json.loads(values[0])
        if kind == "boolean":
            return values[0] == "true"
        return values[0]

    def _resolved(self, item: Any) -> Any:
        while isinstance(item, dict) and "$ref" in item:
            node: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
            item = node
        return item

    def _errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        anchored = _anchored(schema)
        validator = Draft202012Validator(anchored, registry=self._registry)
        error = best_match(validator.iter_errors(value))
        return [] if error is None else [f"{error.json_path}: {error.message[:300]}"]


def _anchored(node: Any) -> Any:
    """A schema whose references lead into the registered document."""
    if isinstance(node, dict):
        return {
            key: f"{_BASE}{value}" if key == "$ref" else _anchored(value)
            for key, value in node.items()
        }
    return [_anchored(item) for item in node] if isinstance(node, list) else node


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path)))


@lru_cache(maxsize=1)
def official() -> Spec | None:
    """The official specification where it is at hand."""
    path = FOLDER / OFFICIAL
    if not path.exists():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Spec(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
