"""The command `onboard vision`: images and crater catalogues on the ground."""
