"""Where scenes begin: cuts, novelty, change points, and how well they agree with true ones."""
