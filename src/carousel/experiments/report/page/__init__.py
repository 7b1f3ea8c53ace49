"""The report as a person reads it: what HTML and Markdown show, and their templates."""
