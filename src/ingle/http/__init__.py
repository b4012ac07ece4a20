"""HTTP/1.1 for the gateway: connections on httptools' parser, with limits and deadlines."""
