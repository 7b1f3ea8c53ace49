"""Tests of run folders as they are read."""
