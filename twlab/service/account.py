"""What an account has at the service: tasks, assets, indexes and what is in them.

Lists become tables; no id or address in a table makes a call by itself. Putting an asset into an
index is paid for, by its length, and is in the ledger like an embedding
(:mod:`twlab.service.jobs.indexing`); a search is sent once, as nothing tells of one that was lost.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal

from twlab.checks import check_count
from twlab.deprecation import formerly
from twlab.errors import ApiError, InputError
from twlab.service import indexes
from twlab.service.http.fields import identity_at, text_at
from twlab.service.index_search import all_hits, index_hits, search_form
from twlab.service.jobs.embedding_options import MODEL, as_names
from twlab.service.jobs.indexing import Indexing
from twlab.service.jobs.work import is_fate_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from twlab.service.http.endpoints import Params, Service
    from twlab.service.http.transport import Settings
    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.ledger import Ledger
    from twlab.table.types import Files

__all__ = ["Account", "Names"]

Names = str | list[str] | tuple[str, ...] | None
_ASSET_TYPES = ("image", "video", "audio", "document")
_MODEL_OPTIONS = ("visual", "audio")


class Account(abc.ABC):
    """The part of a client that lists, searches and arranges what the service has."""

    _settings: Settings

    @abc.abstractmethod
    def _parts(self) -> tuple[Service, Ledger, Assets, str]:
        """The service, the ledger, its tables of files, and the account."""

    async def tasks(self, *, api: Literal["v1", "v2"] = "v2") -> pd.DataFrame:
        """A table of the account's embedding tasks of the last seven days, newest first.

        Parameters
        ----------
        api : {"v1", "v2"}
            Which version of the API; ``Marengo-retrieval-…`` models use the first.

        Returns
        -------
        DataFrame
            One row per task: ``task_id``, ``status``, ``model_name``, ``input_filename``,
            ``input_url``, ``created_at``, ``duration_sec``, as far as the service gives
            them.

        Raises
        ------
        ApiError
            If the service does not answer, or refuses; :mod:`twlab.errors` has a class for each
            status.

        See Also
        --------
        twlab.Client.ledger : the jobs of this folder, however old

        Examples
        --------
        It needs a key:

        >>> client.tasks()["status"].value_counts()                       # doctest: +SKIP
        """
        return indexes.task_table([one async for one in self._parts()[0].tasks(api)])

    async def indexes(
        self,
        *,
        index_name: str | None = None,
        model_family: Literal["marengo", "pegasus"] | None = None,
        model_options: Names = None,
    ) -> pd.DataFrame:
        """A table of the account's indexes.

        Parameters
        ----------
        index_name : str, optional
            Only those of this name.
        model_family : {"marengo", "pegasus"}, optional
            Only those of such a model; Marengo makes vectors.
        model_options : str or list of str, optional
            Only those that have these options.

        Returns
        -------
        DataFrame
            One row per index: ``index_id``, ``index_name``, ``models``, ``video_count``,
            ``total_duration_sec``, and its dates.

        Raises
        ------
        ApiError
            If the service does not answer, or refuses; :mod:`twlab.errors` has a class for each
            status.

        See Also
        --------
        twlab.Client.create_index : a new one
        twlab.Client.videos : what is in one
        twlab.Client.fetch : the segments of one

        Examples
        --------
        It needs a key:

        >>> index_id = client.indexes()["index_id"][0]                    # doctest: +SKIP
        """
        params = _filters(
            index_name=as_names(index_name),
            model_family=as_names(model_family),
            model_options=(",".join(as_names(model_options) or ()),) if model_options else None,
        )
        return indexes.index_table([one async for one in self._parts()[0].indexes(params)])

    async def create_index(
        self,
        index_name: str,
        *,
        model_options: Names = ("visual", "audio"),
        addons: Names = None,
    ) -> pd.DataFrame:
        """A new index of Marengo 3.0, to put videos into; it costs nothing by itself.

        Parameters
        ----------
        index_name : str
            A name that no index of the account has yet.
        model_options : str or list of str, default ("visual", "audio")
            What vectors are made of; with ``audio`` what is spoken as well. It cannot be changed.
        addons : str or list of str, optional
            ``thumbnail`` gives hits a picture.

        Returns
        -------
        DataFrame
            One row, as :meth:`indexes` has it.

        Raises
        ------
        InputError
            If the name is taken, or an option is not allowed.
        ApiError
            If the service does not answer, or refuses.

        See Also
        --------
        twlab.Client.index_asset : puts an asset into it
        twlab.Client.indexes : those that there are

        Examples
        --------
        It needs a key:

        >>> index_id = client.create_index("archive")["index_id"][0]      # doctest: +SKIP
        """
        if not isinstance(index_name, str) or not index_name.strip():
            raise InputError(f"index_name is {index_name!r}; a name was expected; give it one")
        options = _check_words("model_options", model_options, _MODEL_OPTIONS)
        extra = {"addons": list(as_names(addons) or ())} if addons else {}
        service = self._parts()[0]
        there = await _find_index(service, index_name)
        if there is not None:
            raise InputError(
                f"an index is named {index_name!r} already, {there}; a new name was expected; use "
                "that index, or choose another name"
            )
        models = [{"model_name": MODEL, "model_options": options}]
        body = {"index_name": index_name, "models": models, **extra}
        try:
            made: str | None = await service.create_index(body)
        except ApiError as error:
            made = await _find_index(service, index_name) if is_fate_unknown(error) else None
            if made is None:
                raise
        index = await service.index(str(made))
        identity_at(index)  # what has none is no index
        return indexes.index_table([index])

    async def index_asset(
        self, index_id: str, asset_id: Names, *, pay_again: bool = False
    ) -> pd.DataFrame:
        """A table of assets in an index, put there where they are not yet; each is paid for once.

        The index goes on reading them at the service: ``videos(index_id)`` says how far it is, and
        :meth:`fetch` gives the segments of those that are ready.

        Parameters
        ----------
        index_id : str
            As in :meth:`indexes`.
        asset_id : str or list of str
            As in :meth:`assets`; the assets must be ready.
        pay_again : bool, default False
            Send those again that the service could not index.

        Returns
        -------
        DataFrame
            One row per asset in the given order, as :meth:`videos` has it. ``video_id`` is the id
            that it has in the index, ``status`` how far it is.

        Raises
        ------
        InputError
            If no asset is named.
        NotFoundError
            If there is no such index or asset.
        ApiError
            If the service does not answer, or refuses; what was sent before is in the ledger.

        See Also
        --------
        twlab.Client.ledger : all jobs, these too
        twlab.Client.embed : vectors of a file without an index

        Examples
        --------
        It needs a key, and costs what the service charges:

        >>> films = client.assets(asset_types="video")                    # doctest: +SKIP
        >>> client.index_asset(index_id, films["asset_id"])               # doctest: +SKIP
        """
        wanted = _check_ids("asset_id", asset_id)
        service, ledger, _, account = self._parts()
        with contextlib.closing(ledger.begin()) as lock:
            indexing = Indexing(
                service, ledger, account=account, run=lock.name, settings=self._settings
            )
            found = await indexing.put(_check_id("index_id", index_id), wanted, pay_again=pay_again)
        return indexes.video_table(found)

    async def assets(
        self,
        *,
        filename: str | None = None,
        asset_types: Names = None,
        asset_ids: Names = None,
    ) -> pd.DataFrame:
        """A table of the account's assets, the files that the service has, newest first.

        Parameters
        ----------
        filename : str, optional
            Only those with this in their name, in any case.
        asset_types : str or list of str, optional
            Only those of ``image``, ``video``, ``audio`` or ``document``.
        asset_ids : str or list of str, optional
            Only these.

        Returns
        -------
        DataFrame
            One row per asset: ``asset_id``, ``filename``, ``status``, ``file_type``, ``method``,
            ``created_at``, ``error`` (why it failed), ``size`` in bytes, ``duration_sec``, and
            ``user_metadata`` where there is some.

        Raises
        ------
        InputError
            If a type is none of these.
        ApiError
            If the service does not answer, or refuses.

        See Also
        --------
        twlab.Client.delete_asset : takes one away
        twlab.Client.index_asset : puts some into an index

        Examples
        --------
        It needs a key:

        >>> client.assets(filename="lecture", asset_types="video")        # doctest: +SKIP
        """
        types = None
        if asset_types is not None:
            types = tuple(_check_words("asset_types", asset_types, _ASSET_TYPES))
        params = _filters(
            asset_ids=None if asset_ids is None else tuple(_check_ids("asset_ids", asset_ids)),
            asset_types=types,
            filename=as_names(filename),
        )
        return indexes.asset_table([one async for one in self._parts()[0].assets(params)])

    async def delete_asset(self, asset_id: str, *, force: bool = False) -> None:
        """Delete an asset at the service, for good.

        Parameters
        ----------
        asset_id : str
            As in :meth:`assets`; one at a time.
        force : bool, default False
            Delete it although an index holds it; the service refuses that otherwise.

        Raises
        ------
        InputError
            If it is not an id.
        NotFoundError
            If there is no such asset.
        ConflictError
            If an index holds it.
        ApiError
            If the service does not answer, or refuses.

        See Also
        --------
        twlab.Client.assets : those that there are

        Notes
        -----
        Vectors that were made of it stay, as do answers in the client's folder. A file whose asset
        is gone is uploaded again when it is embedded anew.

        Examples
        --------
        It needs a key:

        >>> client.delete_asset(client.assets()["asset_id"].iloc[-1])     # doctest: +SKIP
        """
        await self._parts()[0].delete_asset(_check_id("asset_id", asset_id), force=force)

    async def videos(
        self, index_id: str, *, status: Names = None, filename: str | None = None
    ) -> pd.DataFrame:
        """A table of the videos of an index, without vectors.

        Parameters
        ----------
        index_id : str
            As in :meth:`indexes`.
        status : str or list of str, optional
            Only those that are ``ready``, ``pending``, ``queued``, ``indexing``, ``validating`` or
            ``failed``.
        filename : str, optional
            Only those of this name. Whatever else is a column is filtered as in any table.

        Returns
        -------
        DataFrame
            One row per video: ``video_id``, ``asset_id``, ``filename``, ``status``,
            ``duration_sec``, ``fps``, ``width``, ``height``, ``size`` in bytes and
            ``user_metadata``, as far as the service gives them.

        Raises
        ------
        NotFoundError
            If there is no such index.
        ApiError
            If the service does not answer, or refuses.

        See Also
        --------
        twlab.Client.fetch : their segments

        Examples
        --------
        It needs a key:

        >>> client.videos(index_id)["duration_sec"].sum()                 # doctest: +SKIP
        """
        params = _filters(status=as_names(status), filename=as_names(filename))
        found = self._parts()[0].index_entries(index_id, "indexed-assets", params)
        return indexes.video_table([one async for one in found])

    async def fetch(
        self,
        index_id: str,
        *,
        video_id: Names = None,
        embedding_option: Names = None,
        concurrency: int = 8,
        progress: bool = True,
    ) -> pd.DataFrame:
        """The segments of all videos of an index, or of some, as one table; costs nothing.

        Parameters
        ----------
        index_id : str
            As in :meth:`indexes`.
        video_id : str or list of str, optional
            Default: all videos that are ready.
        embedding_option : str or list of str, optional
            ``visual``, ``audio``, ``transcription``, as far as the index has them. Default: all
            that it has. With ``transcription`` a column says what is spoken in each segment.
        concurrency : int
            How many videos are fetched at once.
        progress : bool
            Show a progress bar.

        Returns
        -------
        DataFrame
            A table of segments, as :func:`twlab.load` makes it.

        Raises
        ------
        InputError
            If ``video_id`` is empty.
        NotFoundError
            If there is no such index or video, or the index holds none.
        StillProcessingError
            If no video of the index is ready.

        See Also
        --------
        twlab.Client.videos : what is in an index, without vectors
        twlab.Client.embed : embed what is in none

        Examples
        --------
        It needs a key:

        >>> archive = client.fetch(index_id)                              # doctest: +SKIP
        """
        service = self._parts()[0]
        wanted = as_names(video_id)
        if wanted is None:
            items = [one async for one in service.index_entries(index_id, "indexed-assets")]
            ready = [one for one in items if one.get("status", "ready") == "ready"]
            wanted = tuple(map(identity_at, ready))
            if not wanted:
                raise indexes.nothing_ready(index_id, items)
        if not wanted:
            raise InputError(
                "video_id= is empty; ids of videos were expected; leave it out for all"
            )
        options = as_names(embedding_option)
        if options is None:
            options = indexes.served_options(await service.index(index_id))
        answers = await indexes.fetch_all(
            service, index_id, wanted, options, concurrency=concurrency, shown=progress
        )
        return await asyncio.to_thread(indexes.indexed_segments, answers)

    @formerly(n_hits="k")
    async def search(
        self,
        index_id: str,
        text: str = "",
        *,
        image: Files | None = None,
        search_option: Names = None,
        transcription_options: Names = None,
        group_by: Literal["clip", "video"] | None = None,
        operator: Literal["or", "and"] | None = None,
        filter: dict[str, Any] | str | None = None,
        include_user_metadata: bool = False,
        k: int = 10,
    ) -> pd.DataFrame:
        """The service's own ranking of an index, to compare with ours.

        Parameters
        ----------
        index_id : str
            As in :meth:`indexes`.
        text : str, optional
            What to look for.
        image : path, address, or list of these, optional
            Up to 10 pictures to look for, alone or together with the text.
        search_option : str or list of str, optional
            ``visual``, ``audio``, ``transcription``, as far as the index has them. Default: all
            that it has.
        transcription_options : str or list of str, optional
            How words are compared with what is spoken: ``lexical`` finds the words themselves,
            ``semantic`` what they mean. Default of the service: both.
        group_by : {"clip", "video"}, optional
            Whether hits come one by one, or those of a video together. Default of the service:
            ``clip``.
        operator : {"or", "and"}, optional
            Whether a hit must fit one of the options, or all. Default of the service: ``or``.
        filter : dict or str, optional
            Only videos of these facts: ``id``, ``filename``, ``duration``, ``width``, ``height``,
            ``size`` or those of ``user_metadata``, each with a value or with bounds such as
            ``{"duration": {"gte": 600, "lte": 800}}``.
        include_user_metadata : bool, default False
            Whether a column says what users have said of the video.
        k : int
            How many hits; with ``group_by="video"`` of how many videos.

        Returns
        -------
        DataFrame
            One row per hit: ``rank`` (1 is best), ``video_id``, ``start_sec``, ``end_sec``, and
            ``score``, ``confidence`` where the model gives them, ``transcription``,
            ``thumbnail_url``, ``user_metadata`` where the service does. With ``group_by="video"``
            the clips of a video follow one another, the best video first.

        Raises
        ------
        InputError
            If there is neither text nor image, an image is not there, ``k`` is not positive, or an
            option is not possible.
        NotFoundError
            If there is no such index.
        ApiError
            If the service does not answer, or refuses.

        See Also
        --------
        twlab.search : the ranking of a table, which this stands beside
        twlab.Store.search : the ranking of a store

        Examples
        --------
        It needs a key:

        >>> hits = client.search(index_id, "a rabbit yawns", k=5)         # doctest: +SKIP
        """
        service, k = self._parts()[0], check_count(k, "k", of="hits")
        options = as_names(search_option)
        if options is None:
            options = indexes.served_options(await service.index(index_id), of_search=True)
        narrowed = {
            "transcription_options": transcription_options,
            "group_by": group_by,
            "operator": operator,
            "filter": filter,
            "include_user_metadata": include_user_metadata,
        }
        search = search_form(index_id, text, image, options, narrowed=narrowed, k=k)
        return index_hits(await all_hits(service, search, k))


async def _find_index(service: Service, name: str) -> str | None:
    """The id of the index of this name, if there is one."""
    params = (("index_name", name),)
    found = [one async for one in service.indexes(params) if text_at(one, "index_name") == name]
    return identity_at(found[0]) if found else None


def _filters(**asked: Iterable[str] | None) -> Params:
    """What a list is asked for; nothing where nothing is asked."""
    return tuple((name, value) for name, values in asked.items() for value in values or ())


def _check_words(name: str, given: Any, known: tuple[str, ...]) -> list[str]:
    """Words that were asked for, each of them known."""
    words = list(as_names(given) or ())
    wrong = next((word for word in words if word not in known), None)
    if not words or wrong is not None:
        raise InputError(
            f"{name} is {given!r}; one or more of {', '.join(map(repr, known))} were expected; "
            "leave it out for the default"
        )
    return words


def _check_ids(name: str, given: Any) -> list[str]:
    """Ids that were asked for, each once, in their order."""
    listed = [given] if isinstance(given, str) or not hasattr(given, "__iter__") else list(given)
    if not listed:
        raise InputError(f"{name} is empty; at least one id was expected; client.assets() has them")
    return list(dict.fromkeys(_check_id(name, one) for one in listed))


def _check_id(name: str, given: Any) -> str:
    """An id, or an error for what cannot be one."""
    if not isinstance(given, str) or not given.isprintable() or not given.strip():
        raise InputError(
            f"{name} is {str(given)[:80]!r}; an id as the service gives it was expected"
        )
    return given
