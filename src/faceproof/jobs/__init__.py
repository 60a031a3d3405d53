"""The public functions: evaluate, stress, compare, verify, degrade."""
