"""Films as pictures: the frame shown at a time, of a film that the caller named."""

from twlab.media.addresses import mask_secrets, web_address

__all__ = ["mask_secrets", "web_address"]
