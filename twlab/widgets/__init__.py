"""Living pictures: the linked explorer, the player, and the same as one HTML file."""
