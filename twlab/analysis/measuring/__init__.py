"""How good answers and vectors are: retrieval and moments against a truth, neighbours of labels."""
