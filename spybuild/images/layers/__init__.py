"""An image's layers, read once as a stream, checked against their digests, indexed, cached, merged; never unpacked.

    store = LayerStore(LayerCache.usual())        # one for the process; LayerStore() works without a cache folder
    files = store.files([Layer(diff_id, media_type, open_blob, digest, size), ...])   # the lowest layer first

`files` is a `spybuild.images.files.Files`. Each `open_blob()` gives the blob's bytes as they are stored (compressed),
from its start, as a file object with `read(size)` and `close()`; it is called once per layer that is not cached, and
again only when a content is asked for that the index did not keep. What it raises goes through to the caller.
"""
