"""The judges: what is right, and what people write instead."""
