"""Pictures of segments and of results, as plotly figures to restyle with ``update_layout``.

* :func:`heatmap`   - every segment against every other, or one video against another
* :func:`timeline`  - segments along time, in lanes
* :func:`scatter`   - the map that a projection gives
* :func:`novelty`   - how strongly something new begins, along time
* :func:`alignment` - what two videos share, on their cross-similarity
* :func:`hits`      - where the hits of a search lie
* :func:`threshold` - the similarities behind a proposed threshold
* :func:`options`   - how far embedding options agree, against chance
"""

from twlab.figures.alignment import alignment
from twlab.figures.heatmap import heatmap
from twlab.figures.hits import hits
from twlab.figures.novelty import novelty
from twlab.figures.options import options
from twlab.figures.scatter import scatter
from twlab.figures.threshold import threshold
from twlab.figures.timeline import timeline

__all__ = [
    "alignment",
    "heatmap",
    "hits",
    "novelty",
    "options",
    "scatter",
    "threshold",
    "timeline",
]
