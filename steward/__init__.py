"""The page on which stewards work: which sources are wrong, late or dirty, the very rows, and what is decided about them."""
