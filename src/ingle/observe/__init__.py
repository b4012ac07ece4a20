"""What Ingle tells of itself."""
