"""What happens to an invocation: admission, running, log lines, errors."""
