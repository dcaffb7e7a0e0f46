"""Segments on disk or in a bucket: an archive of any size, on LanceDB.

A store is a folder, or the address of one in object storage, that holds segments by their
identity: ``video_id, start_sec, end_sec, embedding_option, embedding_scope, model_name``, and
pieces of documents by their chunk or page. Every batch is committed whole or not at all, every
commit is a version that can be open_source again, and several processes may write at once.

* :func:`open` - the store at a path or URI
* :class:`Store` - its segments: written, searched, read
* :class:`Part` - those of a condition
* :func:`open_source` - the store at a path, and anything else as it is
"""

from twlab.archive.store.arrow import arrow_rows
from twlab.archive.store.handle import Store, open, open_source
from twlab.archive.store.parts import Part
from twlab.archive.store.reading_back import count

__all__ = ["Part", "Store", "arrow_rows", "count", "open", "open_source"]
