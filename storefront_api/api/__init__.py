"""The server API: `/api/v1/…`, for a shop's own servers."""
