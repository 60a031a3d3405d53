"""People who do not exist: a statistical face model, draws from it, and folders of such people."""
