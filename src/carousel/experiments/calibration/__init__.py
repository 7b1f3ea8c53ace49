"""Calibration of the rules: same against same, truths on a margin, planted differences, all with a known answer.

`carousel calibrate` runs it with the oracles of gradient flow (`probes/flow_checks.py`); its stored result is printed
in every report. Nothing here imports torch, and nothing is trained: the runs are made up (`simulated.py`) with the
spread of real ones (`noise.py`).
"""
