"""The way to the service: HTTP, endpoints, uploads and the ledger of paid jobs.

This room knows no tables. :mod:`twlab.service.client` stands above it and turns answers into
tables.

==============  ================================================================================
``key``         the API key, which never shows itself
``limits``      how fast to ask: the service's rate limit, learned from its answers
``transport``   one request, with retries, waits and errors; the only file that imports httpx
``endpoints``   the paths of the service, each as one coroutine
``options``     what may be asked of an embedding, checked before it is paid
``sources``     paths, folders, globs and URLs as works to be done
``uploads``     files of any size, in pieces that survive a crash
``ledger``      every paid job on disk, before the request leaves
``locks``       which run is alive, told by the operating system
``jobs``        one job from claim to answer, across crashes
``doubt``       what became of a request whose answer was lost
``answers``     the served answers on disk
==============  ================================================================================
"""
