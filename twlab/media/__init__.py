"""Films as pictures and sound, as vectors of these; only films that the caller named."""

from twlab.media.addresses import mask_secrets, web_address
from twlab.media.sound import log_mel
from twlab.media.spans import fixed_spans, join_shots

__all__ = ["fixed_spans", "join_shots", "log_mel", "mask_secrets", "web_address"]
