"""Faces in a photo: boxes, landmarks, the choice of the face that is compared, alignment."""
