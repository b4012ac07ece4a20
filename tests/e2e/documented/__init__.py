"""One call for each error that AWS documents of an operation, where it can occur on Ingle."""
