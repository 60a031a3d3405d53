"""Network architectures in PyTorch, and the runtime that runs them."""
