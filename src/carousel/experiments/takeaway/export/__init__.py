"""The trained network as files for other runtimes, each tried on sequences before it is written."""
