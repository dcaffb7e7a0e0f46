"""Tables in a notebook: what twlab made, written to be read.

A room of its own, because what it writes is HTML of rows and no plotly figure: it needs neither
plotly nor a widget, and a notebook that was closed still shows it.

* ``showing`` - :func:`~twlab.show`: one table, with frames of its film
* ``extension`` - what ``%load_ext twlab`` changes
* ``recognised`` - which tables are twlab's, and what their rows point at
* ``markup`` - a table as HTML of bounded size
* ``cells`` - single cells: timecodes, numbers, vectors, text
* ``barcode`` - a vector as a picture
"""
