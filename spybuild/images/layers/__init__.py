"""An image's layers, read once as a stream, checked against their digests, indexed, cached, merged; never unpacked.

    store = LayerStore(LayerCache.usual())        # one for the process; LayerStore() works without a cache folder
    files = store.files([Layer(diff_id, media_type, open_blob, digest, size), ...])   # the lowest layer first

`files` is a `spybuild.images.files.Files`. Each `open_blob()` gives the blob's bytes as they are stored (compressed),
from its start, as a file object with `read(size)` and `close()`; it is called once per layer that is not cached, and
again only when a content is asked for that the index did not keep. What it raises goes through to the caller.

The names below are loaded when they are first used: several threads load parts of this package, and one that loads the
package, which loads a part, would wait for one that loads that part, which waits for the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.images.layers.cache import LayerCache as LayerCache
    from spybuild.images.layers.layer import LAYER_TAR as LAYER_TAR
    from spybuild.images.layers.layer import Layer as Layer
    from spybuild.images.layers.limits import Limits as Limits
    from spybuild.images.layers.store import LayerStore as LayerStore
    from spybuild.images.layers.tree import LayeredFiles as LayeredFiles

__all__ = ["LAYER_TAR", "Layer", "LayerCache", "LayerStore", "LayeredFiles", "Limits"]

_HOMES = {
    "LAYER_TAR": "layer",
    "Layer": "layer",
    "LayerCache": "cache",
    "LayerStore": "store",
    "LayeredFiles": "tree",
    "Limits": "limits",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
