"""How do customers reach us, and our replies them?  Faces only: they translate and hold no rules."""
