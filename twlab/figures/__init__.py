"""Plotly figures from tables and results, one file a picture; :mod:`twlab.plot` is their front."""
