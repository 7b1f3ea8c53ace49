"""Hostile input of every kind that Carousel reads, made by mutators that know its structure.

Whatever is read, an input is accepted, or refused by a UserError of one line. A traceback, an abort, a warning, a hang
of more than ten seconds or more than 2 GB is a finding. `make test` tries 500 inputs of each kind; `python
scripts/fuzz.py` tries as many as it is asked for.
"""
