"""What a person sees: one plain dict, and the table, page, figures and files made of it."""
