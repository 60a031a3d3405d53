"""Report: words, tables, charts and pages made from a summary."""
