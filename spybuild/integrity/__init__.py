"""What an image's files say about its soundness, gathered for `rules.integrity`: binaries, venvs, distributions."""
