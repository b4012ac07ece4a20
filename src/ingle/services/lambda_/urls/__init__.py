"""Function URLs: their configurations, and the HTTP endpoints that they make of functions."""
