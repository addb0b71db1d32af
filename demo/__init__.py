"""`make demo`: the main job on real images, with every command shown. Exits 0 only if all went as it said it would."""
