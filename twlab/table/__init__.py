"""What a table of segments is: columns, vectors, what a row is, one video along time, its types."""
