"""AWS Lambda's runtime for Python 2.7, spoken to in frames. Written for Python 2.7."""
