"""The line between desk and board: frames, carriers, the endpoint, and faults of the line."""
