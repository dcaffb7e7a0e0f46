"""Pictures of segments and of results, as plotly figures to restyle with ``update_layout``.

Each takes ``style="paper"`` and ``width_mm=`` for print; ``tw.save_figure`` writes PDF, SVG or PNG.

* :func:`heatmap`   - every segment against every other, or one video against another
* :func:`timeline`  - segments along time, in lanes
* :func:`scatter`   - the map that a projection gives
* :func:`novelty`   - how strongly something new begins, along time
* :func:`alignment` - what two videos share, on their cross-similarity
* :func:`diff`      - versions of a film as tracks, with what changed
* :func:`hits`      - where the hits of a search lie
* :func:`threshold` - the similarities behind a proposed threshold
* :func:`storyboard` - scenes, clusters, hits and pieces as frames of the film
* :func:`options`   - how far embedding options agree, against chance
* :func:`models`    - where two models see a film differently
* :func:`modality_gap` - how far apart options lie, and what a search finds across
* :func:`option_worth` - what an option adds to each measure of a search
"""

from twlab.figures import alignment as _alignment
from twlab.figures import heatmap as _heatmap
from twlab.figures import hits as _hits
from twlab.figures import measures as _measures
from twlab.figures import model_differences as _model_differences
from twlab.figures import novelty as _novelty
from twlab.figures import options as _options
from twlab.figures import scatter as _scatter
from twlab.figures import storyboard as _storyboard
from twlab.figures import threshold as _threshold
from twlab.figures import timeline as _timeline
from twlab.figures import versions as _versions
from twlab.figures.paper import takes_style
from twlab.public import takes_stores

__all__ = [
    "alignment",
    "diff",
    "heatmap",
    "hits",
    "modality_gap",
    "models",
    "novelty",
    "option_worth",
    "options",
    "scatter",
    "storyboard",
    "threshold",
    "timeline",
]

alignment = takes_stores(takes_style(_alignment.alignment), "a", "b")
diff = takes_style(_versions.diff)
heatmap = takes_stores(takes_style(_heatmap.heatmap), "segments", "to")
hits = takes_stores(takes_style(_hits.hits), "segments")
modality_gap = takes_style(_measures.modality_gap)
models = takes_style(_model_differences.models)
novelty = takes_stores(takes_style(_novelty.novelty), "segments")
option_worth = takes_style(_measures.option_worth)
options = takes_style(_options.options)
scatter = takes_stores(takes_style(_scatter.scatter), "segments")
storyboard = takes_stores(takes_style(_storyboard.storyboard), "segments")
threshold = takes_stores(takes_style(_threshold.threshold), "segments")
timeline = takes_stores(takes_style(_timeline.timeline), "segments")
