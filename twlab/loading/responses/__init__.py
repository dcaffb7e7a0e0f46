"""Every form in which embeddings are served or stored, read into rows.

Works on parsed JSON, with numpy and nothing else. The families and where they are told apart:

* ``names``     one spelling for keys; what each column, vector and box is called
* ``walk``      finds the rows of a document and the facts that its answers state of them
* ``shapes``    the reading plan for objects with one set of keys
* ``values``    times to seconds, words to strings, vectors to arrays
* ``rows``      objects -> rows
* ``columnar``  documents that keep each field as a column
* ``printed``   vectors printed by a notebook
* ``foreign``   other vendors' vectors, refused
* ``refusals``  everything without vectors, called by its name
* ``objects``   SDK objects -> parsed JSON
* ``found``     rows and problems of one source
"""

from __future__ import annotations

from twlab.loading.responses.found import Found, Problem, Rows
from twlab.loading.responses.objects import as_json
from twlab.loading.responses.printed import is_notebook, read_notebook
from twlab.loading.responses.walk import read

__all__ = ["Found", "Problem", "Rows", "as_json", "is_notebook", "read", "read_notebook"]
