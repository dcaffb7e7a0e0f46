"""The client: a video in, a table out, never paid twice.

:class:`Client` serves scripts, threads and notebooks; :class:`AsyncClient` has the same methods
for code that awaits. Paid jobs and their answers are kept in a folder (``twlab-jobs`` by default),
so that a killed kernel, a second notebook or another run goes on where the last one stopped.
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from twlab.service.awaiting import FOLDER, AsyncClient
from twlab.service.http.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from twlab.service.http.transport import HttpTransport, Settings

__all__ = ["AsyncClient", "Client"]

P = ParamSpec("P")
T = TypeVar("T")


def _wait_for(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Client, P], T]:
    """The method of :class:`Client` that waits for one of :class:`AsyncClient`."""

    @functools.wraps(method)
    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._background.run(method(self._client, *args, **kwargs))

    return call


class Client:
    """The service: videos in, tables out, never paid twice.

    Parameters
    ----------
    api_key : str, optional
        Default: the environment variable ``TWELVELABS_API_KEY``. Never shown, logged or written.
    base_url : str, optional
        Default: ``TWELVELABS_BASE_URL``, or the service itself.
    folder : path, default "twlab-jobs"
        Where the ledger of paid jobs and the answers lie. The service forgets after seven days;
        this folder does not, so keep it.
    settings : Settings, optional
        How patient it is. Default: as :class:`twlab.Settings` has it.
    transport : optional
        An ``httpx.AsyncBaseTransport`` in place of the network.
    allow_http : bool, default False
        Send the key in clear text to a `base_url` that is not this machine.

    Raises
    ------
    InputError
        If there is no key, or `base_url` would give it away.

    See Also
    --------
    twlab.AsyncClient : the same for code that awaits
    twlab.load : reads what was saved, without a key

    Examples
    --------
    >>> import twlab as tw
    >>> tw.Client("tlk_example")
    Client(key=****, base_url='https://api.twelvelabs.io/v1.3', folder='twlab-jobs')

    With a key in the environment:

    >>> client = tw.Client()                                          # doctest: +SKIP
    >>> segments = client.embed("films/*.mp4")                        # doctest: +SKIP
    >>> query = client.embed_text("a rabbit yawns")                   # doctest: +SKIP
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        folder: str | Path = FOLDER,
        settings: Settings | None = None,
        transport: HttpTransport | None = None,
        allow_http: bool = False,
    ) -> None:
        self._client = AsyncClient(
            api_key,
            base_url=base_url,
            folder=folder,
            settings=settings,
            transport=transport,
            allow_http=allow_http,
        )
        self._background = Background()
        self._finalizer = weakref.finalize(self, self._background.close)

    def __repr__(self) -> str:
        return repr(self._client).removeprefix("Async")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """Where the ledger and the answers lie.

        Returns
        -------
        Path
            As it was given; relative to where Python works.

        See Also
        --------
        twlab.Client.ledger : all jobs in it, with what became of them
        twlab.Client.results : all segments of its answers

        Examples
        --------
        >>> import twlab as tw
        >>> tw.Client("tlk_example", folder="jobs").folder.name
        'jobs'
        """
        return self._client.folder

    def close(self) -> None:
        """Close connections, the ledger and the thread behind them; may be used again.

        See Also
        --------
        twlab.Client : in a ``with`` block it closes itself

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with tw.Client("tlk_example", folder=folder) as client:
        ...         client.close()
        ...         len(client.ledger())  # opened again
        0
        """
        self._background.run(self._client.close())
        self._background.close()

    embed = _wait_for(AsyncClient.embed)
    embed_query = _wait_for(AsyncClient.embed_query)
    embed_text = _wait_for(AsyncClient.embed_text)
    embed_image = _wait_for(AsyncClient.embed_image)
    embed_audio = _wait_for(AsyncClient.embed_audio)
    ledger = _wait_for(AsyncClient.ledger)
    results = _wait_for(AsyncClient.results)
    failures = _wait_for(AsyncClient.failures)
    tasks = _wait_for(AsyncClient.tasks)
    indexes = _wait_for(AsyncClient.indexes)
    create_index = _wait_for(AsyncClient.create_index)
    index_asset = _wait_for(AsyncClient.index_asset)
    assets = _wait_for(AsyncClient.assets)
    delete_asset = _wait_for(AsyncClient.delete_asset)
    videos = _wait_for(AsyncClient.videos)
    fetch = _wait_for(AsyncClient.fetch)
    search = _wait_for(AsyncClient.search)
