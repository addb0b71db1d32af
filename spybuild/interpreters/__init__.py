"""The Pythons of an image, told from its files: which one runs, what it is, where it looks for modules.

`candidates` names commands that may be the interpreter; `target` reads the one that an image has; `search` finds its
modules. Nothing is executed.
"""
