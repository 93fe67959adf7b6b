"""What turns texts into vectors?  Each module brings one engine and imports it only when it is built."""
