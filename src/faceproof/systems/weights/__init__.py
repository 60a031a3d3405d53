"""Model cards, and weights from files, packages or downloads."""
