# syntax=docker/dockerfile:1
# Two stages: the first has pip and the sources, the second only what runs.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/hketo-watch
WORKDIR /src
# The dependencies first: they change less often than the program, and their layer is then kept.
# Only built packages whose hashes the lock file names; nothing is compiled here.
COPY requirements.lock ./
RUN /opt/hketo-watch/bin/python -m pip install --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY feeds feeds
COPY parsers parsers
COPY worker worker
RUN /opt/hketo-watch/bin/python -m pip install --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN groupadd --system --gid 10001 hketo \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin hketo
COPY --from=build /opt/hketo-watch /opt/hketo-watch
ENV PATH=/opt/hketo-watch/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["hketo-watch", "--help"]
