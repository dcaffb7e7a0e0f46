"""From whatever a user names to rows, and from rows to one table.

* ``files``     which files a path, folder or pattern names; unpacking
* ``cutting``   long vectors cut out of JSON text
* ``parsing``   JSON text -> parsed document with the vectors as arrays
* ``frames``    Parquet, CSV and DataFrames of other makers -> rows
* ``source``    one source of any kind -> rows and problems
* ``identity``  which video a row belongs to
* ``table``     the rows of all sources -> one table with one block of vectors
"""
