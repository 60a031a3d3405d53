"""Where the face is: detection, the choice of the face that is compared, alignment."""
