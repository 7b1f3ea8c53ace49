"""Simple methods that a network must beat on a user's file: trained once a split, in seconds."""
