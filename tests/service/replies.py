"""Answers that several endpoints give: errors and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Request

Reply = tuple[int, Any, dict[str, str]]


def flat(status: int, code: str, message: str) -> Reply:
    return status, {"code": code, "message": message}, {}


def nested(status: int, code: str, message: str) -> Reply:
    return status, {"error": {"code": code, "message": message, "details": {}}}, {}


def page_of(request: Request, items: list[Any], field: str = "data") -> Reply:
    query = dict(request.query)
    page, size = int(query.get("page", 1)), min(50, int(query.get("page_limit", 10)))
    info = {
        "limit_per_page": size,
        "page": page,
        "total_page": max(1, -(-len(items) // size)),
        "total_results": len(items),
    }
    return 200, {field: items[(page - 1) * size : page * size], "page_info": info}, {}
