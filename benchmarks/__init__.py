"""SpyBuild beside its peers: `make bench`, or `python -m benchmarks [--runs N] [NAME...]`.

Each benchmark measures commands as users type them, in processes of their own: one warm-up each, then in turn
(A B A B), so that the machine's drift meets both alike. One run gives both sides of every ratio.
"""
