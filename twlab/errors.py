"""What twlab raises and warns with.

::

    TwlabError                    everything below
    ├── InputError                also a ValueError: an argument or a table is not usable as given
    │   └── LoadError             a file or object does not hold embeddings, or holds bad data
    ├── MissingExtraError         also an ImportError: an optional package is not installed
    ├── LedgerError               the folder of paid jobs cannot be used
    └── ApiError                  the service refused, or could not be reached
        ├── BadRequestError       400   ├── AuthenticationError   401
        ├── NoFundsError          402   ├── PermissionDeniedError 403
        ├── NotFoundError         404   ├── RequestTimeoutError   408
        ├── ConflictError         409   ├── GoneError             410
        ├── TooLargeError         413   ├── UnprocessableError    422
        ├── RateLimitError        429
        ├── ServerError           every other 5xx
        │   ├── InternalServerError     500
        │   ├── BadGatewayError         502
        │   ├── UnavailableError        503
        │   └── GatewayTimeoutError     504
        ├── ConnectionFailedError no answer: nothing arrived, or the request never left
        ├── AnswerError           an answer that cannot be read
        ├── TaskFailedError       the service accepted a job and then failed it
        ├── StillProcessingError  a job is not done within the time given
        └── JobInDoubtError       it is not known whether a job was accepted
    TwlabWarning                  also a UserWarning: the result is right, but look at this

Every message is one sentence in three parts: what is wrong, with the value; what was expected;
what to do.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from twlab.wording import one_line

__all__ = [
    "AnswerError",
    "ApiError",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "ConflictError",
    "ConnectionFailedError",
    "GatewayTimeoutError",
    "GoneError",
    "InputError",
    "InternalServerError",
    "JobInDoubtError",
    "LedgerError",
    "LoadError",
    "MissingExtraError",
    "NoFundsError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "ServerError",
    "StillProcessingError",
    "TaskFailedError",
    "TooLargeError",
    "TwlabError",
    "TwlabWarning",
    "UnavailableError",
    "UnprocessableError",
    "status_error",
    "warn",
]


class TwlabError(Exception):
    """The root of everything that twlab raises on purpose; its message is one printable line.

    See Also
    --------
    twlab.errors : all of them

    Examples
    --------
    >>> import twlab as tw
    >>> try:
    ...     tw.load("nothing.json")
    ... except tw.TwlabError as error:
    ...     isinstance(error, tw.InputError)
    True
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*(one_line(a) if isinstance(a, str) else a for a in args), **kwargs)


class InputError(TwlabError, ValueError):
    """An argument or a table cannot be used as given.

    See Also
    --------
    twlab.LoadError : of what a source holds

    Examples
    --------
    >>> import twlab as tw
    >>> try:
    ...     tw.cluster(tw.sample(), 0)
    ... except ValueError as error:  # it is one, too
    ...     type(error).__name__
    'InputError'
    """


class LoadError(InputError):
    """A source does not hold embeddings, or holds bad data.

    Attributes
    ----------
    source : str
        The file or object that was read.
    place : str
        Where in it, for example ``segment 12``; empty when the whole source is meant.
    field : str
        Which field, for example ``end_offset_sec``; empty when no single field is meant.
    problem : str
        The rest of the sentence, without source, place and field.

    See Also
    --------
    twlab.check : all that is wrong in a source

    Examples
    --------
    >>> import twlab as tw
    >>> try:
    ...     tw.load(b'{"data": [{"embedding": ["x"]}]}')
    ... except tw.LoadError as error:
    ...     bool(error.problem)
    True
    """

    def __init__(self, problem: str, *, source: str = "", place: str = "", field: str = "") -> None:
        self.source, self.place, self.field, self.problem = source, place, field, problem
        where = ", ".join(part for part in (source, place, field) if part)
        super().__init__(f"{where}: {problem}" if where else problem)


class MissingExtraError(TwlabError, ImportError):
    """An optional package is needed and not installed.

    See Also
    --------
    twlab.project : one call that may need an extra

    Examples
    --------
    >>> import twlab as tw
    >>> issubclass(tw.MissingExtraError, ImportError)
    True
    """


class LedgerError(TwlabError):
    """The folder that remembers paid jobs cannot be read or written.

    See Also
    --------
    twlab.Client : whose folder it is

    Examples
    --------
    >>> import twlab as tw
    >>> issubclass(tw.LedgerError, tw.TwlabError)
    True
    """


class ApiError(TwlabError):
    """The service refused a request, or could not be reached.

    Attributes
    ----------
    status : int or None
        The HTTP status; None where no answer came.
    code : str
        The service's own word, for example ``parameter_invalid``; empty where it gave none.
    message : str
        The service's own message, shortened; empty where it gave none.
    request_id : str
        What to quote to the service's support; empty where it gave none.
    wait_sec : float or None
        How long the service asks to wait before the next try.

    See Also
    --------
    twlab.errors : one class per status
    twlab.Client : what raises it

    Examples
    --------
    >>> import twlab as tw
    >>> error = tw.errors.NotFoundError("no such video", status=404)
    >>> isinstance(error, tw.ApiError), error.status
    (True, 404)
    """

    advice = "see `message` for what the service said"

    def __init__(
        self,
        problem: str,
        *,
        status: int | None = None,
        code: str = "",
        message: str = "",
        request_id: str = "",
        wait_sec: float | None = None,
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.request_id, self.wait_sec = request_id, wait_sec
        super().__init__(problem)


class BadRequestError(ApiError):
    """400: the service does not accept what was asked."""

    advice = "correct what the service names"


class AuthenticationError(ApiError):
    """401: the key is missing, wrong or no longer valid."""

    advice = "set TWELVELABS_API_KEY, or pass api_key=, to a key from the dashboard"


class NoFundsError(ApiError):
    """402: the account cannot pay for this."""

    advice = "top up or change the plan of the account, then run again"


class PermissionDeniedError(ApiError):
    """403: this key has no access to that."""

    advice = "use a key of the account that owns it, or check the plan's limits"


class NotFoundError(ApiError):
    """404: the service does not know it (it forgets embedding tasks after seven days)."""

    advice = "check the id"


class RequestTimeoutError(ApiError):
    """408: the request took too long to arrive."""

    advice = "try again over a faster connection"


class ConflictError(ApiError):
    """409: another change is going on."""

    advice = "try again in a moment"


class GoneError(ApiError):
    """410: it existed, and was deleted."""

    advice = "it was deleted; embed the video again with pay_again=True if you need it"


class TooLargeError(ApiError):
    """413: the file or text is larger than the service takes."""

    advice = "send a smaller file"


class UnprocessableError(ApiError):
    """422: well formed, but not usable."""

    advice = "correct what the service names"


class RateLimitError(ApiError):
    """429: too many requests, and the wait asked for is longer than allowed here."""

    advice = (
        "run again later, or allow a longer wait with "
        "tw.Client(settings=tw.Settings(max_wait_sec=…))"
    )


class ServerError(ApiError):
    """5xx: the service is in trouble."""

    advice = "the service is in trouble; run again later"


class InternalServerError(ServerError):
    """500."""


class BadGatewayError(ServerError):
    """502."""


class UnavailableError(ServerError):
    """503."""


class GatewayTimeoutError(ServerError):
    """504."""


class ConnectionFailedError(ApiError):
    """No answer came.

    Attributes
    ----------
    sent : bool
        False where the request certainly never reached the service.
    """

    advice = "check the network, then run again"

    def __init__(self, problem: str, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(problem)


class AnswerError(ApiError):
    """An answer came that cannot be read.

    Attributes
    ----------
    again : bool
        False where asking again at once would give the same.
    """

    advice = "run again; if it stays, report it to the service with the request id"

    def __init__(self, problem: str, *, again: bool = True, **facts: Any) -> None:
        self.again = again
        super().__init__(problem, **facts)


class TaskFailedError(ApiError):
    """The service accepted a job and then failed it."""

    advice = "correct what the service names, then embed it again with pay_again=True"


class StillProcessingError(ApiError):
    """A job is not done within the time given; it goes on at the service."""

    advice = "run the same call again to go on waiting; nothing is paid twice"


class JobInDoubtError(ApiError):
    """It is not known whether the service accepted a job."""

    advice = "look for the task in the dashboard; embed with pay_again=True to start a new one"


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: NoFundsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: RequestTimeoutError,
    409: ConflictError,
    410: GoneError,
    413: TooLargeError,
    422: UnprocessableError,
    429: RateLimitError,
    500: InternalServerError,
    502: BadGatewayError,
    503: UnavailableError,
    504: GatewayTimeoutError,
}


def status_error(status: int) -> type[ApiError]:
    """The class for an HTTP status.

    Parameters
    ----------
    status : int
        Such as 404.

    Returns
    -------
    type
        :class:`twlab.ApiError` or a class below it.

    See Also
    --------
    twlab.ApiError : what all of them are

    Examples
    --------
    >>> status_error(404).__name__, status_error(507).__name__, status_error(418).__name__
    ('NotFoundError', 'ServerError', 'ApiError')
    """
    return _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)


class TwlabWarning(UserWarning):
    """The result is right, but something in the data deserves a look.

    See Also
    --------
    twlab.TwlabError : where the result would be wrong

    Examples
    --------
    >>> import twlab as tw
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", tw.TwlabWarning)
    ...     clips = tw.clips(tw.sample())
    """


def warn(message: str, *, category: type[Warning] = TwlabWarning) -> None:
    """Warn with a :class:`twlab.TwlabWarning`, at the user's line that called twlab.

    Parameters
    ----------
    message : str
        One sentence.
    category : type, default TwlabWarning
        Another class of warnings.

    See Also
    --------
    twlab.TwlabWarning : what to filter for

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     warn("look at this")
    >>> str(told[0].message)
    'look at this'
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "twlab":
        level, frame = level + 1, frame.f_back
    warnings.warn(one_line(message), category, stacklevel=level)
