"""Encoders pretrained from scratch on text at hand: vocabulary, text as sequences, masking, training."""
