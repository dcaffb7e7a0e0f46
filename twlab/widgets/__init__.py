"""Living pictures: the linked explorer, the player, and the same as one HTML file."""

from twlab.media import mask_secrets, web_address
from twlab.widgets.bundle import ASSETS, IMPORT, module_source, style_source
from twlab.widgets.naming import read_names, tell_names
from twlab.widgets.picks import mask_of, pack_mask, row_of, unpack_mask
from twlab.widgets.squares import add_similarity, add_video_similarity

__all__ = [
    "ASSETS",
    "IMPORT",
    "add_similarity",
    "add_video_similarity",
    "mask_of",
    "mask_secrets",
    "module_source",
    "pack_mask",
    "read_names",
    "row_of",
    "style_source",
    "tell_names",
    "unpack_mask",
    "web_address",
]
