"""How alike rows are: cosine similarity, nearest rows and near-duplicates, exact and pruned."""
