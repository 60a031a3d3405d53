"""What the camera did: pure functions from a photo to a worse one, their severities, and suites of them."""
