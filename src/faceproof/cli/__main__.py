"""``python -m faceproof.cli``."""

from faceproof.cli import main

main()
