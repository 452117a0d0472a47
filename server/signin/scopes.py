"""What a caller may be allowed to do."""

READ_SCOPE = "campaigns:read"
WRITE_SCOPE = "campaigns:write"
SCOPES = (READ_SCOPE, WRITE_SCOPE)
