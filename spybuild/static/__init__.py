"""Static evidence: facts of modules read from their source, with the grammar and the platform of the target.

Nothing of the image is executed or imported. What cannot be known is undecided for the names it concerns, and says why.
"""
