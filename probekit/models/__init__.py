"""Torch modules that several rooms share. They take vectors and masks, and know no corpus and no file."""
