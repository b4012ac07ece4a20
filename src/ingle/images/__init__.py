"""Container images: reading OCI layouts and archives, verifying them, and unpacking them."""
