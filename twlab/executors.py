"""Where the pieces of a job run: in this process, on Ray or on Dask.

A job over a store is the same small function called for many pieces. An executor calls it, here
or on the workers of an existing engine, and returns the results in order:

* :class:`Local` - in this process, one piece after the other; BLAS uses the cores as it is
* :class:`Ray` - on the cores of this machine, started by ``Ray()``, or on a running cluster
* :class:`Dask` - on the workers of a ``distributed.Client``

A worker that dies takes nothing with it: its piece is done again elsewhere. Results are small and
pass through this process; what all pieces need is sent to each worker once (``broadcast``). On a
cluster, every machine needs twlab of the same version, and the store at the same path or URI.
"""

from twlab.archive.engines import Dask, Executor, Local, Ray

__all__ = ["Dask", "Executor", "Local", "Ray"]
