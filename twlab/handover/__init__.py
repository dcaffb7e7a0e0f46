"""Files of other tools: labelled spans of time out of annotators and into them.

What a file says of videos, labels and places is text to be shown. No path or address in it is ever
opened, and XML with a document type, which could name others, is refused.
"""
