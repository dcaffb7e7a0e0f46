"""Which seconds of one video occur in another, and how probable that is by chance."""
