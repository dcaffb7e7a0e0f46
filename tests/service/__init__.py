"""A stand-in for the service: a real HTTP server over real sockets that speaks its specification.

It counts what would be paid for, and breaks on request in every way that a network and a busy
service do. ``PYTHONPATH=tests python -m service`` runs it by itself.

* ``server``  sockets, requests, answers, rate limits
* ``routes``  the endpoints: ``embeddings``, ``assets``, ``archive``, ``replies``
* ``store``   tasks, assets, uploads and indexes
* ``faults``  what goes wrong, and when
* ``hostile`` answers that may be anything
* ``forms``   multipart bodies, read as they come
* ``spec``    the official specification, against which every request and answer is checked
"""

from .faults import Fault
from .hostile import Hostile
from .server import KEY, Service

__all__ = ["KEY", "Fault", "Hostile", "Service"]
