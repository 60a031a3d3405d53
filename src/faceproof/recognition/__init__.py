"""What the face looks like: model cards, weights, templates."""
