"""One reader a file format; a table reader gives a `Table`, the others give `Parsed` sequences."""
