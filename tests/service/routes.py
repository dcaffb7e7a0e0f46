"""Which endpoint answers which path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import archive, assets, embeddings
from .replies import Reply, flat

if TYPE_CHECKING:
    from .server import Request
    from .store import Store


def answer(store: Store, request: Request) -> Reply:
    """What the service says to a request with a good key."""
    for pattern, handler in ROUTES:
        match = re.fullmatch(pattern, f"{request.method} {request.path}")
        if match:
            with store.lock:
                return handler(store, request, *match.groups())
    return flat(404, "resource_not_exist", f"There is nothing at {request.path}.")


ROUTES = [
    (r"POST /embed/tasks", embeddings.create_v1),
    (r"GET /embed/tasks", embeddings.list_v1),
    (r"GET /embed/tasks/([^/]+)/status", embeddings.status_v1),
    (r"GET /embed/tasks/([^/]+)", embeddings.retrieve_v1),
    (r"POST /embed", embeddings.embed_v1),
    (r"POST /embed-v2/tasks", embeddings.create_v2),
    (r"GET /embed-v2/tasks", embeddings.list_v2),
    (r"GET /embed-v2/tasks/([^/]+)", embeddings.retrieve_v2),
    (r"POST /embed-v2", embeddings.embed_v2),
    (r"POST /assets", assets.create_asset),
    (r"GET /assets", assets.list_assets),
    (r"POST /assets/multipart-uploads", assets.create_upload),
    (r"POST /assets/multipart-uploads/([^/]+)", assets.report_parts),
    (r"GET /assets/multipart-uploads/([^/]+)", assets.get_upload),
    (r"POST /assets/multipart-uploads/([^/]+)/presigned-urls", assets.more_urls),
    (r"GET /assets/([^/]+)", assets.get_asset),
    (r"DELETE /assets/([^/]+)", assets.delete_asset),
    (r"GET /assets/([^/]+)/indexed-assets", archive.list_of_asset),
    (r"PUT /_store/([^/]+)/(\d+)", assets.put_piece),
    (r"GET /indexes", archive.list_indexes),
    (r"POST /indexes", archive.create_index),
    (r"GET /indexes/([^/]+)", archive.get_index),
    (r"POST /indexes/([^/]+)/indexed-assets", archive.index_asset),
    (r"GET /indexes/([^/]+)/(indexed-assets|videos)", archive.list_indexed),
    (r"GET /indexes/([^/]+)/(indexed-assets|videos)/([^/]+)", archive.get_indexed),
    (r"POST /search", archive.search),
    (r"GET /search/([^/]+)", archive.next_page),
]
