"""Clock, errors and waiting for all rooms of the core."""
