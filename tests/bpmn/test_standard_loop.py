"""Standard loop (§10.3.8, §13.3.6): turn after turn as long as a condition holds, asked before or after, on any activity."""
