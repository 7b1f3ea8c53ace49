"""A prepared file as a task."""
