"""Where the pieces of a job run: in this process, on Ray or on Dask."""

from twlab.archive.engines import Dask, Executor, Local, Ray

__all__ = ["Dask", "Executor", "Local", "Ray"]
