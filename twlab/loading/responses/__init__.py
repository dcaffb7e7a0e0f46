"""Every form in which embeddings are served or stored, read into rows.

Works on parsed JSON, with numpy and nothing else. The families and where they are told apart:

* ``names``, ``othernames``, ``given_names``  one spelling for keys; what columns, vectors, boxes,
  options and times are called, by services, by other people, and by ``columns=``
* ``walk``            finds the rows of a document and the facts that its answers state of them
* ``shapes``          the reading plan for objects with one set of keys
* ``values``          times to seconds, words to strings, vectors to arrays
* ``object_rows``     objects -> rows
* ``splitting``       objects with several vectors, and lists without names -> rows
* ``keyed``           objects whose keys are videos, options or times
* ``headers``         lists whose first entry says what holds for the rest
* ``folded``          rows that keep their times, video or metadata one level deeper
* ``wide``            vectors spread over columns
* ``columnar``        documents that keep each field as a column
* ``text_vectors``    vectors written as text
* ``printed``         vectors printed by a notebook
* ``dialects``        what databases and other services write around JSON
* ``objects``         SDK objects -> parsed JSON
* ``model_names``     the names of models
* ``vendors``         other vendors' answers, in the words of the table
* ``packages``        readers that other packages bring
* ``not_embeddings``  everything without vectors, called by its name
* ``found``           rows and problems of one source
"""

from __future__ import annotations

from twlab.loading.responses.found import Found, Rows
from twlab.loading.responses.objects import as_json
from twlab.loading.responses.printed import is_notebook, read_notebook
from twlab.loading.responses.walk import read

__all__ = ["Found", "Rows", "as_json", "is_notebook", "read", "read_notebook"]
