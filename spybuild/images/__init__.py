"""Images read from where they are: registries, layouts, archives, daemons, folders; layers are merged, never unpacked.

`source` is what each backend offers, `files` the merged tree that everything else reads.
"""
