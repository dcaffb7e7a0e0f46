"""From whatever a user names to rows, and from rows to one table.

* ``files``     which files a path, folder or pattern names; unpacking
* ``cutting``   long vectors cut out of JSON text
* ``parsing``   JSON text -> parsed document with the vectors as arrays
* ``tabular``   Parquet, CSV and DataFrames of other makers -> rows
* ``arrays``    ``.npz`` and HDF5 -> a document of columns
* ``reading``   one source of any kind -> rows and problems
* ``answered``  what an answer says beside its vectors: model, speech, tokens
* ``identity``  which video a row belongs to
* ``joining``   the rows of all sources -> one table with one block of vectors
* ``load``      :func:`twlab.load`, :func:`twlab.check` and :func:`twlab.save`
"""

from twlab.loading.bounds import bounds_of
from twlab.loading.responses.keyed import parse_named_span, parse_span
from twlab.loading.seals import SEAL_KEY

__all__ = ["SEAL_KEY", "bounds_of", "parse_named_span", "parse_span"]
