"""Twins: TensorFlow files that are kept in step with their torch sources, hand edits included."""
