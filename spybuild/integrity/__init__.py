"""Is a Python image sound? Everything that can be told of it from its files and its config, with no contract."""
