"""What every expression of a module is: see docs/inference.md."""
