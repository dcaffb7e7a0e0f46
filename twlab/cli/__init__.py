"""The command ``twlab`` and the demo."""
