"""Who may come in over HTTP: JWTs of an issuer, and static tokens out of a file."""
