"""Speed, measured against a peer in the same run; each prints JSON."""
