"""Segments that need not fit in memory: the store, executors, the same analyses in pieces."""
