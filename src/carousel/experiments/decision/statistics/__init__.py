"""Intervals and tests for few seeds. Every function takes plain numbers; scipy is imported when one is called."""
