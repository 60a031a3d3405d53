"""Why it went wrong: the ledger of every comparison and photo that failed."""
