"""Systems under test: detectors, recognisers, their weights, and templates or scores made elsewhere."""
