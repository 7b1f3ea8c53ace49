"""What every page and figure shares: one look, one way to fill a template, numbers as they are printed."""
