"""The probe: one file that runs inside the target (`probe.py`, only ever read as text) and the reader of its answer."""
