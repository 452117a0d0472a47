"""The sandbox: a stateful GitHub in one ASGI app, held in memory, for the demo, the tests and a first try."""
