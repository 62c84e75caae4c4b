"""Torch modules that several rooms share. They know no corpus and no files."""
