"""People who do not exist: a statistical face model, draws from it, and a folder of people made of these."""
