"""The one training loop. It knows no model."""
