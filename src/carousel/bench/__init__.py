"""How fast the recurrent layers are on this machine, compared with torch's: what `carousel bench` measures."""
