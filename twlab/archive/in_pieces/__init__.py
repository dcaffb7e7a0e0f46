"""The analyses of a store, piece by piece on its executor; small results are gathered here.

Only how the work is cut, what is read where, how results of pieces come together and how a job goes
on is said here. All else an analysis of a store shares with that of a table, and is said in
:mod:`twlab.analysis`: which arguments are refused, which rows take part, how the result looks.
"""
