"""Rewrites the tree by the plans of inference, in one pass: one file per construct."""
