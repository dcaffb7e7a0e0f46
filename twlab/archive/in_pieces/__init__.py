"""The analyses of a store, piece by piece on its executor; small results are gathered here."""
