"""What becomes of answers when inputs are moved a little."""
