"""This project beside others: reading many alerts, single calls, the service, and tokens. All on loopback."""
