"""Photos on the page: thumbnails, boxes, contact sheets."""
