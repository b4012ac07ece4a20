"""What AWS would charge, and what machine would do: pure arithmetic over dated price tables."""
