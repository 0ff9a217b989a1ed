"""The page, the API and the feeds of an installation, served by one process (see `worker.web.app`)."""
