"""The operators' desk: the queue, and decisions on turns."""
