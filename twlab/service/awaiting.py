"""The client for code that awaits; :mod:`twlab.service.client` has the same methods for other code.

Answers become tables here, through :func:`twlab.load` and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from twlab.errors import InputError
from twlab.service import ledger_tables
from twlab.service.account import Account
from twlab.service.http.api_key import find_base_url, find_key
from twlab.service.http.endpoints import Service
from twlab.service.http.transport import Settings, Transport
from twlab.service.jobs.assets import Assets
from twlab.service.jobs.bars import Bars
from twlab.service.jobs.embedding import Outcome, Pace, check_sources, embed_all
from twlab.service.jobs.embedding_options import MODEL, Options, read_options
from twlab.service.jobs.inputs import find_sources
from twlab.service.jobs.ledger import Ledger
from twlab.service.jobs.query_parts import make_query
from twlab.service.jobs.query_vectors import ask_all
from twlab.service.jobs.uploaded import check_ids, find_assets
from twlab.service.jobs.work import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from twlab.service.account import Names
    from twlab.service.http.transport import HttpTransport
    from twlab.service.jobs.inputs import Media
    from twlab.service.jobs.query_parts import ServiceQuery
    from twlab.table.types import FilePath, Files

    NamedFiles = Files | Mapping[str, FilePath]
    Notes = pd.DataFrame | Sequence[Mapping[str, object]]

__all__ = ["FOLDER", "AsyncClient", "EmbedOptions"]

FOLDER = "twlab-jobs"
Segmentation = Literal["fixed", "dynamic", "standard", "quadrants", "sentence"]


class EmbedOptions(TypedDict, total=False):
    """What :meth:`AsyncClient.embed` takes besides files, for those who pass it on."""

    asset_id: Names
    model_name: str
    embedding_option: Names
    embedding_scope: Names
    embedding_type: Names
    embedding_dimension: Literal[128, 256, 512] | None
    embedding_uncertainty: bool
    time_based_metadata: Notes | None
    start_sec: float | None
    end_sec: float | None
    segmentation: Segmentation | None
    clip_sec: int | None
    max_sentences: int | None
    overlap_sentences: int | None
    at_once: bool
    concurrency: int
    timeout_sec: float
    on_error: Literal["report", "raise"]
    pay_again: bool
    progress: bool


def _check_on_error(on_error: str) -> None:
    if on_error not in ("report", "raise"):
        raise InputError(f"on_error is {on_error!r}; 'report' or 'raise' was expected; choose")


class AsyncClient(Account):
    """The service for code that awaits: videos in, tables out, never paid twice.

    Methods and results are those of :class:`twlab.Client`; each method is a coroutine.

    Parameters
    ----------
    api_key, base_url, folder, settings, transport, allow_http
        As for :class:`twlab.Client`.

    Raises
    ------
    InputError
        If there is no key, or `base_url` would give it away.

    See Also
    --------
    twlab.Client : the same for scripts, threads and notebooks
    twlab.distributed.embed : many videos, embedded by many workers

    Examples
    --------
    >>> AsyncClient("tlk_example")
    AsyncClient(key=****, base_url='https://api.twelvelabs.io/v1.3', folder='twlab-jobs')
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
        self._key = find_key(api_key)
        self.base_url = find_base_url(base_url, allow_http=allow_http)
        self.folder, self._settings = Path(folder), settings or Settings()
        self._given_transport = transport
        self._open: tuple[Service, Ledger, Assets, str] | None = None
        self._pid = os.getpid()
        self._failures: list[Outcome] = []

    def __repr__(self) -> str:
        place = f"base_url={self.base_url!r}, folder={str(self.folder)!r}"
        return f"{type(self).__name__}(key=****, {place})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections and the ledger; the client may be used again.

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
        if self._open is not None:
            (service, ledger, _, _), self._open = self._open, None
            await service.transport.close()
            ledger.close()

    def _parts(self) -> tuple[Service, Ledger, Assets, str]:
        """The service, the ledger, its tables of files, and the account; opened when needed."""
        if self._open is None or self._pid != os.getpid():  # a fork shares no connections
            self._pid = os.getpid()
            transport = Transport(
                self._key, self.base_url, self._settings, transport=self._given_transport
            )
            account = self._key.account(self.base_url)
            ledger = Ledger(self.folder)  # last, so that no failure leaves its file open
            self._open = Service(transport), ledger, Assets(ledger), account
        return self._open

    # Embedding

    async def embed(
        self,
        source: Files | None = None,
        *,
        asset_id: Names = None,
        model_name: str = MODEL,
        embedding_option: Names = None,
        embedding_scope: Names = None,
        embedding_type: Names = None,
        embedding_dimension: Literal[128, 256, 512] | None = None,
        embedding_uncertainty: bool = False,
        time_based_metadata: Notes | None = None,
        start_sec: float | None = None,
        end_sec: float | None = None,
        segmentation: Segmentation | None = None,
        clip_sec: int | None = None,
        max_sentences: int | None = None,
        overlap_sentences: int | None = None,
        at_once: bool = False,
        concurrency: int = 8,
        timeout_sec: float = 6 * 3600.0,
        on_error: Literal["report", "raise"] = "report",
        pay_again: bool = False,
        progress: bool = True,
    ) -> pd.DataFrame:
        """A table of segments of one or many files, each paid for once.

        Uploads, waits and downloads as needed; what an earlier call, a killed kernel or another
        program on the same folder has done already is not done again. Interrupting loses nothing:
        call again to go on. What a file is, its first bytes tell; what the model does not take is
        refused before anything is uploaded.

        Parameters
        ----------
        source : path, address, folder, glob, or list of these
            Video or audio files; with ``marengo3.5`` also images, PDF, ``.txt`` and ``.md`` files.
            A folder stands for its video and audio files; name the others, or use a glob such as
            ``*.pdf``. Files of the same content are embedded once.
        asset_id : str, or list or Series of str, optional
            In place of `source`: files that the service has already, which are not uploaded again.
            An asset that was uploaded with this `folder` is the same work as its file.
        model_name : str, default "marengo3.0"
            ``marengo3.0``, ``marengo3.5``, or ``Marengo-retrieval-…``, which use version 1 of the
            API.
        embedding_option : str or list of str, optional
            ``visual``, ``audio``, ``transcription`` (3.0 only), or ``text`` of documents. Default:
            all that the model has for video or audio; ``visual`` of a PDF.
        embedding_scope : str or list of str, optional
            ``clip`` for each part of a video or audio file, ``asset`` (or ``video``) for all of it;
            ``local`` for each page or chunk of a document. Default: clips and the whole; pages of
            a PDF; the whole of a text.
        embedding_type : str or list of str, optional
            ``separate_embedding`` (default), ``fused_embedding``: one vector of several options,
            with ``marengo3.5`` of `time_based_metadata`, too.
        embedding_dimension : {128, 256, 512}, optional
            How many numbers a vector of ``marengo3.5`` has: the first of its 512, which is the
            default.
        embedding_uncertainty : bool, default False
            With each vector of ``marengo3.5`` one that says how uncertain each of its numbers is;
            not for a whole video or audio file, and not for a PDF.
        time_based_metadata : list of dict or DataFrame, optional
            Texts along time, each with ``start``, ``end`` in seconds and ``text`` (columns
            ``start_sec`` and ``end_sec`` will do), which become part of the fused vectors of
            a video with ``marengo3.5``.
        start_sec, end_sec : float, optional
            The part of the video or audio file to embed, in seconds.
        segmentation : {"fixed", "dynamic", "standard", "quadrants", "sentence"}, optional
            Clips of equal length, or clips that follow the shots (of audio with ``marengo3.5``
            only); whole pages of a PDF, or pages and their quarters; chunks of sentences.
            Default: dynamic, and fixed for audio with ``marengo3.0``.
        clip_sec : int, optional
            Length of fixed clips (2-10, default 6) or least length of dynamic ones (2-5, default 4
            with ``marengo3.0``, 2 with ``marengo3.5``), in seconds. Alone it means fixed clips.
        max_sentences, overlap_sentences : int, optional
            How many sentences a chunk of a text has at most, and how many of them it shares with
            the chunk before (default 0).
        at_once : bool, default False
            Get the vectors in the response to the request itself, without a task: video or audio
            of up to 10 minutes and 36 MB, with ``marengo3.0``. A response that is lost on the way
            cannot be looked up: the call fails, and asking again, with `pay_again`, may be charged
            a second time.
        concurrency : int, default 8
            How many videos are worked on at once; requests stay within the rate limit.
        timeout_sec : float, default 6 hours
            How long to wait for one video; it goes on at the service afterwards.
        on_error : {"report", "raise"}
            ``report`` warns of videos that failed and lists them in :meth:`failures`; ``raise``
            raises the first such error after all videos are done.
        pay_again : bool, default False
            Start a new paid task for videos that failed, or whose task cannot be found.
        progress : bool, default True
            Show progress bars.

        Returns
        -------
        DataFrame
            The segments of all videos that succeeded, as :func:`twlab.load` makes them.

        Raises
        ------
        InputError
            If a source does not exist, is nothing that the model embeds, or an option is not
            allowed; nothing is uploaded or paid for then.
        TooLargeError
            If a file is larger than the service takes; nothing is uploaded or paid for then.
        NotFoundError
            If the service has no such asset.
        AuthenticationError
            If the key is not accepted.
        ConnectionFailedError
            If the service cannot be reached at all.

        See Also
        --------
        twlab.Client.failures : the videos that could not be finished
        twlab.Client.ledger : all jobs, with what became of them
        twlab.Client.fetch : what an index of the account holds already
        twlab.distributed.embed : the same by many workers

        Examples
        --------
        It needs a key, and costs what the service charges:

        >>> import twlab as tw                                            # doctest: +SKIP
        >>> client = tw.Client()                                          # doctest: +SKIP
        >>> segments = client.embed("film.mp4", clip_sec=4)               # doctest: +SKIP
        >>> pages = client.embed("book.pdf", model_name="marengo3.5")     # doctest: +SKIP
        """
        _check_on_error(on_error)
        notes = ledger_tables.records(time_based_metadata)
        given: dict[str, Any] = {"embedding_option": embedding_option}
        given |= {"embedding_scope": embedding_scope, "embedding_type": embedding_type}
        given |= {"start_sec": start_sec, "end_sec": end_sec, "clip_sec": clip_sec}
        given |= {"segmentation": segmentation, "max_sentences": max_sentences}
        given |= {"overlap_sentences": overlap_sentences, "time_based_metadata": notes}
        given |= {"embedding_dimension": embedding_dimension}
        given |= {"embedding_uncertainty": embedding_uncertainty}
        options = read_options(model_name, **given)
        pace = Pace(concurrency, timeout_sec, pay_again, at_once).check()
        sources = await self._find_sources(source, asset_id)
        outcomes = await self._embed_all(sources, options, pace, progress=progress)
        return await self._report(outcomes, on_error)

    async def _find_sources(self, source: Files | None, asset_id: Names) -> list[Media]:
        """What is to be embedded: files and addresses, or what the service has already."""
        if (source is None) == (asset_id is None):
            raise InputError(
                "source and asset_id= are both given, or neither; one of them was expected; give "
                "files or addresses, or the ids of assets"
            )
        if asset_id is None:
            return find_sources(source)
        service, ledger, assets, account = self._parts()
        ids = check_ids(asset_id)
        return await find_assets(
            ids, service=service, assets=assets, ledger=ledger, account=account
        )

    async def _embed_all(
        self, sources: Sequence[Media], options: Options, pace: Pace, *, progress: bool
    ) -> list[Outcome]:
        await asyncio.to_thread(check_sources, sources, options, at_once=pace.at_once)
        service, ledger, assets, account = self._parts()
        with Bars(len(sources), shown=progress) as bars:
            run = Run(service, ledger, assets, account=account, settings=self._settings, watch=bars)
            with contextlib.closing(run):
                try:
                    return await embed_all(sources, options, run=run, pace=pace, bars=bars)
                finally:
                    ledger_tables.warn_of_other_keys(run.paid_elsewhere)

    async def _report(self, outcomes: Sequence[Outcome], on_error: str) -> pd.DataFrame:
        done = {one.job.key: one for one in outcomes if one.job is not None}
        jobs = [one.job for one in done.values() if one.job is not None]
        segments, unreadable = await asyncio.to_thread(ledger_tables.segments_of, self.folder, jobs)
        failures = [one for one in outcomes if one.error is not None]
        failures += [Outcome(done[key].source, error=error) for key, error in unreadable.items()]
        self._failures = failures
        if failures and on_error == "raise":
            raise failures[0].error or AssertionError("a failure has an error")
        ledger_tables.warn_of_twins(outcomes)
        ledger_tables.warn_of_failures(failures, len(outcomes))
        return segments

    # Queries

    async def embed_query(
        self,
        text: str | None = None,
        *,
        images: NamedFiles | None = None,
        videos: NamedFiles | None = None,
        audios: NamedFiles | None = None,
        documents: NamedFiles | None = None,
        model_name: str = MODEL,
        embedding_dimension: int | None = None,
        embedding_uncertainty: bool = False,
        auto_truncate: bool | None = None,
    ) -> pd.DataFrame:
        """One row with the vector of a text and files together; paid for once.

        Parameters
        ----------
        text : str, optional
            What to look for. ``<@name>`` in it speaks of the file that has this name.
        images : path, address, ``asset:`` and an id, list of these, or mapping of names to them
            Pictures. A mapping such as ``{"coat": "coat.jpg"}`` gives each the name by which the
            text calls it. ``asset:`` and the id of an asset means one that the service has.
        videos, audios, documents : as `images`
            Films, sounds, and texts (``.txt``, ``.md``) or one PDF. Marengo 3.5 takes up to 10
            files of 32 MB, films and sounds of 30 s; Marengo 3.0 one file, or up to 10 pictures.
        model_name : str, default "marengo3.0"
            The model of the table to search in.
        embedding_dimension : int, optional
            How many numbers the vector has; Marengo 3.5 alone makes 128 or 256 in place of 512.
        embedding_uncertainty : bool, default False
            Whether a column says how uncertain each number is; Marengo 3.5 alone does.
        auto_truncate : bool, optional
            Whether a text of more than 2,000 tokens is cut, with a warning, rather than refused;
            Marengo 3.5 alone does.

        Returns
        -------
        DataFrame
            A table of segments of one row. Where the text was cut, ``truncated`` is True.

        Raises
        ------
        InputError
            If there is nothing to embed, a file is not there or too large, the text speaks of a
            file that is not among them, or the model does not take it; nothing is sent then.
        ApiError
            If the service does not answer, or does not take it.

        See Also
        --------
        twlab.search : the best places for it
        twlab.Client.embed_text : texts alone
        twlab.Client.assets : the assets that the service has

        Notes
        -----
        Files of several kinds need a text that joins them, and a PDF stands alone. What Marengo 3.0
        makes of one film or sound is the vector of its pictures or its sound as a whole.

        Examples
        --------
        It needs a key:

        >>> coat, bag = "coat.jpg", "https://example.com/bag.jpg"
        >>> query = client.embed_query(                                   # doctest: +SKIP
        ...     "somebody in <@coat> puts <@bag> down",
        ...     images={"coat": coat, "bag": bag},
        ...     model_name="marengo3.5",
        ... )
        >>> hits = tw.search(segments, query)                             # doctest: +SKIP
        """
        query = make_query(
            model_name,
            text=text,
            media={"image": images, "video": videos, "audio": audios, "document": documents},
            embedding_dimension=embedding_dimension,
            embedding_uncertainty=embedding_uncertainty,
            auto_truncate=auto_truncate,
        )
        return await self._ask_all([query])

    async def embed_text(
        self, text: str | Sequence[str], *, model_name: str = MODEL
    ) -> pd.DataFrame:
        """One row with the vector of each text, for searches; the same text is paid for once.

        Parameters
        ----------
        text : str or list of str
            What to look for; of a list, each text by itself.
        model_name : str, default "marengo3.0"
            The model of the table to search in.

        Returns
        -------
        DataFrame
            A table of segments without time, one row for each text, in their order.

        Raises
        ------
        InputError
            If there is no text.
        ApiError
            If the service does not answer, or no longer offers the model. What other texts of a
            list have cost is kept, and not paid for again.

        See Also
        --------
        twlab.search : the best places for it; ``text=`` and ``client=`` do both at once
        twlab.Client.embed_query : words and files together
        twlab.Client.embed_image : the vector of a picture
        twlab.Client.embed_audio : the vector of a sound

        Examples
        --------
        It needs a key:

        >>> query = client.embed_text("a rabbit yawns")                   # doctest: +SKIP
        >>> hits = tw.search(segments, query)                             # doctest: +SKIP
        """
        texts = [text] if isinstance(text, str) or not hasattr(text, "__iter__") else list(text)
        if not texts:
            raise InputError("an empty list of texts; at least one was expected; name some")
        return await self._ask_all([make_query(model_name, text=_check_text(one)) for one in texts])

    async def embed_image(
        self, image: FilePath, *, text: str = "", model_name: str = MODEL
    ) -> pd.DataFrame:
        """One row with the vector of a picture, alone or together with a text; paid for once.

        Parameters
        ----------
        image : path or address
            The picture, of up to 32 MB; ``asset:`` and an id means one that the service has.
        text : str, optional
            Words that are embedded together with it.
        model_name : str, default "marengo3.0"
            The model of the table to search in.

        Returns
        -------
        DataFrame
            A table of segments of one row, without time.

        Raises
        ------
        InputError
            If the picture is not there, too large, or more than one.
        ApiError
            If the service does not answer, or does not accept it.

        See Also
        --------
        twlab.search : the best places for it
        twlab.Client.embed_query : several pictures, or other files
        twlab.Client.embed_text : the vector of words

        Examples
        --------
        It needs a key:

        >>> query = client.embed_image("rabbit.jpg", text="yawning")      # doctest: +SKIP
        """
        query = make_query(model_name, text=text or None, media={"image": image})
        return await self._ask_all([_check_one_file(query)])

    async def embed_audio(self, audio: FilePath, *, model_name: str = MODEL) -> pd.DataFrame:
        """One row with the vector of a sound as a whole; paid for once.

        Parameters
        ----------
        audio : path or address
            The sound: up to 36 MB for Marengo 3.0, up to 32 MB and 30 s for 3.5. ``asset:`` and an
            id means one that the service has.
        model_name : str, default "marengo3.0"
            The model of the table to search in.

        Returns
        -------
        DataFrame
            A table of segments of one row.

        Raises
        ------
        InputError
            If the sound is not there, too large, or more than one.
        ApiError
            If the service does not answer, or does not accept it.

        See Also
        --------
        twlab.search : the best places for it
        twlab.Client.embed_query : several sounds, or other files
        twlab.Client.embed : a sound file in clips, as a video

        Examples
        --------
        It needs a key:

        >>> query = client.embed_audio("birdsong.wav")                    # doctest: +SKIP
        """
        return await self._ask_all(
            [_check_one_file(make_query(model_name, media={"audio": audio}))]
        )

    async def _ask_all(self, queries: Sequence[ServiceQuery]) -> pd.DataFrame:
        """One row for each query, in their order."""
        service, ledger, assets, account = self._parts()
        with contextlib.closing(ledger.begin()) as lock:
            jobs = await ask_all(
                queries,
                service=service,
                ledger=ledger,
                assets=assets,
                account=account,
                run=lock.name,
            )
        return ledger_tables.answer_rows(self.folder, jobs)

    # What was done

    async def ledger(self) -> pd.DataFrame:
        """A table of all jobs of this folder: source, state, task, times, answer, error.

        Returns
        -------
        DataFrame
            One row per job, newest last: ``source``, ``state``, ``model_name``, ``task_id``,
            ``attempts``, times in UTC, the file of the answer, the error. The states are those of
            the ledger: ``new``, ``submitting``, ``processing``, ``ready``, ``failed``,
            ``rejected``.

        Raises
        ------
        LedgerError
            If the folder cannot be used.

        See Also
        --------
        twlab.Client.results : the segments of all jobs that are ready
        twlab.Client.failures : what the last call could not finish

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with tw.Client("tlk_example", folder=folder) as client:
        ...         len(client.ledger())
        0
        """
        return ledger_tables.ledger_table(self._parts()[1].jobs())

    async def results(self) -> pd.DataFrame:
        """The segments of every video in this folder, from its saved answers; works offline.

        Returns
        -------
        DataFrame
            A table of segments, as :func:`twlab.load` makes it; those of queries are not among
            them.

        Raises
        ------
        LedgerError
            If the folder cannot be used.
        LoadError
            If an answer in it was damaged.

        See Also
        --------
        twlab.load : of ``twlab-jobs/answers`` gives the same, without a key
        twlab.Client.ledger : the jobs

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with tw.Client("tlk_example", folder=folder) as client:
        ...         len(client.results())
        0
        """
        jobs = [job for job in self._parts()[1].jobs() if not job.api.endswith("-sync")]
        ready = [job for job in jobs if job.state == "ready" and job.answer]  # none of an index
        return (await asyncio.to_thread(ledger_tables.segments_of, self.folder, ready))[0]

    async def failures(self) -> pd.DataFrame:
        """A table of the videos that the last :meth:`embed` could not finish, with reasons.

        Returns
        -------
        DataFrame
            One row per source that failed: ``source``, ``error`` (the class), ``status``,
            ``reason``.

        See Also
        --------
        twlab.Client.embed : ``pay_again=True`` tries those again that the service failed

        Examples
        --------
        >>> import tempfile, twlab as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with tw.Client("tlk_example", folder=folder) as client:
        ...         client.failures().columns.tolist()
        ['source', 'error', 'status', 'reason']
        """
        return ledger_tables.failure_table(self._failures)


def _check_text(text: Any) -> str:
    """A text, or an error for what is none: left out it would mean that there are only files."""
    if not isinstance(text, str):
        raise InputError(f"text is {text!r}; a few words were expected; say what to look for")
    return text


def _check_one_file(query: ServiceQuery) -> ServiceQuery:
    """The query, if it is of one file."""
    if len(query.parts) != 1:
        raise InputError(
            f"{len(query.parts)} files for one query; one {query.kind} was expected; choose one, "
            "or give them together to client.embed_query"
        )
    return query
