"""Modules whose constants or steps a test must set or watch: taken here once, and nowhere else."""

from twlab.analysis.copies import aligning, shared_pieces, shortlist
from twlab.analysis.groups import clustering, communities, partitions, selection
from twlab.analysis.judging import chance, fusion, thresholds
from twlab.analysis.maps import projection
from twlab.analysis.neighbors import exact, nearest, pruned, similarity, voronoi
from twlab.analysis.scenes import changepoints, counts
from twlab.archive import ray_cluster
from twlab.archive.in_pieces import checkpoints, joins, pairs, per_video, pieces
from twlab.archive.store import handle, keys, lance, searching, shards, upkeep, writing
from twlab.cli import command_line
from twlab.figures import picture_browser
from twlab.loading import identity
from twlab.loading.responses import walk
from twlab.service import spreading
from twlab.service.http import background, limits
from twlab.service.jobs import doubt, embedding, inputs, ledger, ledgerfile, rebuilding
from twlab.table import segments
from twlab.widgets import video_files

__all__ = [
    "aligning",
    "background",
    "chance",
    "changepoints",
    "checkpoints",
    "clustering",
    "command_line",
    "communities",
    "counts",
    "doubt",
    "embedding",
    "exact",
    "fusion",
    "handle",
    "identity",
    "inputs",
    "joins",
    "keys",
    "lance",
    "ledger",
    "ledgerfile",
    "limits",
    "nearest",
    "pairs",
    "partitions",
    "per_video",
    "picture_browser",
    "pieces",
    "projection",
    "pruned",
    "ray_cluster",
    "rebuilding",
    "searching",
    "segments",
    "selection",
    "shards",
    "shared_pieces",
    "shortlist",
    "similarity",
    "spreading",
    "thresholds",
    "upkeep",
    "video_files",
    "voronoi",
    "walk",
    "writing",
]
