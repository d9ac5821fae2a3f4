"""What `transpile inspect` says of a checkpoint: its table, its groups, and how it fits a model."""
