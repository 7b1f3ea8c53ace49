"""The lab page: its file as built from web/ (`lab.html`), and what fills it."""
