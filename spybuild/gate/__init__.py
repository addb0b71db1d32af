"""The gate: whether an image may go on, decided by a policy over its attestations.

    policy, grammar, loading, flags   what is demanded, from YAML or a command line
    decision, judging, listing        `decide(policy, evidence, now)`: pure
    gathering                         an image's evidence, from its registry
    promote                           an image and its evidence, copied to where they are wanted, the tag last
    recording                         evidence as JSON, so that a decision can be replayed
    testing                           a policy held against recorded cases, offline
    text, schema                      what people and editors read

What was attested is `spybuild.model.attested`.
"""
