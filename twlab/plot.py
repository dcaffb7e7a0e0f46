"""Pictures of segments and of results, as plotly figures to restyle with ``update_layout``.

* :func:`heatmap`   - every segment against every other, or one video against another
* :func:`timeline`  - segments along time, in lanes
* :func:`scatter`   - the map that a projection gives
* :func:`novelty`   - how strongly something new begins, along time
* :func:`alignment` - what two videos share, on their cross-similarity
* :func:`hits`      - where the hits of a search lie
* :func:`threshold` - the similarities behind a proposed threshold
* :func:`storyboard` - scenes, clusters, hits and pieces as frames of the film
* :func:`options`   - how far embedding options agree, against chance
"""

from twlab.figures import alignment as _alignment
from twlab.figures import heatmap as _heatmap
from twlab.figures import hits as _hits
from twlab.figures import novelty as _novelty
from twlab.figures import scatter as _scatter
from twlab.figures import storyboard as _storyboard
from twlab.figures import threshold as _threshold
from twlab.figures import timeline as _timeline
from twlab.figures.options import options
from twlab.public import takes_stores

__all__ = [
    "alignment",
    "heatmap",
    "hits",
    "novelty",
    "options",
    "scatter",
    "storyboard",
    "threshold",
    "timeline",
]

alignment = takes_stores(_alignment.alignment, "a", "b")
heatmap = takes_stores(_heatmap.heatmap, "segments", "to")
hits = takes_stores(_hits.hits, "segments")
novelty = takes_stores(_novelty.novelty, "segments")
scatter = takes_stores(_scatter.scatter, "segments")
storyboard = takes_stores(_storyboard.storyboard, "segments")
threshold = takes_stores(_threshold.threshold, "segments")
timeline = takes_stores(_timeline.timeline, "segments")
