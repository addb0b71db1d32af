"""Images read from where they are: registries, layouts, archives, daemons, folders; layers are merged, never unpacked.

Begin with `source` (what every backend offers), `files` (the merged tree that everything else reads) and `opening`
(from what a user calls an image to its source).

    opening ─┬─ rootfs_source ── rootfs                             a folder
             └─ layered_source: what the others share
                  ├─ oci_source ─┬─ registry/                       a registry
                  │              └─ layout ── holders | archives    a layout, in a folder or a tar
                  ├─ docker_archive ── holders | archives           what `docker save` wrote before it wrote layouts
                  └─ daemon ── daemon_images, daemon_answers        a daemon: what it tells, else what it exports

`oci/` reads documents, `layers/` the tars, `elf/` binaries. `keeping` says whose contents are evidence, `links` how
paths are resolved, `schemes` what stands before `://`.
"""
