"""Static websites: buckets that browsers are answered from."""
