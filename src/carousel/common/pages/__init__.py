"""What every page and figure of the house shares: one look, one way to fill a template, numbers as they are printed."""
