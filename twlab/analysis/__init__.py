"""Arrays and tables in, arrays and tables out: no analysis knows a store or a drawing.

Families use each other only through :mod:`twlab.analysis.neighbors`.
"""
