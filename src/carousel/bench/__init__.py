"""How fast the recurrent layers are on this machine, beside torch's: what `carousel bench` measures."""
