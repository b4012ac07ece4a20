"""What buckets tell of their objects: to functions, queues, topics and event buses."""
