"""The page, the API and the feeds of an installation, served by one process (see `worker.web.app`)."""

from feeds.lean import never

# FastAPI asks of each shape whether it is one of pydantic's old kind, for which it would load 1.5 MB
# (fastapi/_compat/shared.py); it takes a missing module for a no.
never("pydantic.v1")
