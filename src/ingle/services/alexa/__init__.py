"""Alexa skills: their requests reach functions, as Amazon sends them or from the desk."""
