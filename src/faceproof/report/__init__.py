"""Reports made from a summary: words, tables, charts and pages."""
