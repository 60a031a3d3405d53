"""Face detectors: MTCNN, files of faces, and detectors of the user's own."""
