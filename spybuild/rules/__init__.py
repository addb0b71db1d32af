"""The rules: what a contract demands, held against what the facts say. Pure generators of findings, one file a family.

catalogue     every rule's id, name, meaning and remedy; docs and `spybuild explain` read from it
demands       does the contract ask anything, and anything that is not enforced yet?
modules       is the module there, did its import go well, is its version right?
structure     variables, functions, classes
signatures    arguments, defaults, annotations
surroundings  architecture, system, interpreter, environment, secrets
deployments   several places, of which one must fit
"""
