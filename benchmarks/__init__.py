"""Speed and memory of reading a large organization's alerts, beside other clients, against a loopback GitHub."""
