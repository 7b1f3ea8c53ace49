"""Calibration of the rules: same against same, truths on a margin, planted differences, all with a known answer.

`carousel calibrate` runs it beside the oracles of gradient flow (carousel.flow.oracles); its stored result is printed
in every report. Nothing here imports torch, and nothing is trained: the runs are made up (calibration.made) with the
spread of real ones (calibration.noise).
"""
