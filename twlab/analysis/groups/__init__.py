"""Clusters, their number and summary; which segments stand for the rest, and which are odd."""
