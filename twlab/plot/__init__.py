"""Pictures of segments and of results, as plotly figures to restyle with ``update_layout``.

* :func:`heatmap`  - every segment against every other, or one video against another
* :func:`timeline` - segments along time, in lanes
* :func:`scatter`  - the map that a projection gives
* :func:`novelty`  - how strongly something new begins, along time
"""

from twlab.plot.heatmap import heatmap
from twlab.plot.novelty import novelty
from twlab.plot.scatter import scatter
from twlab.plot.timeline import timeline

__all__ = ["heatmap", "novelty", "scatter", "timeline"]
