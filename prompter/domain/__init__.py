"""Values of the core, without storage and engines."""
