# docker build -t gan1d . && docker run --rm -p 8501:8501 gan1d
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 10001 --create-home gan1d \
    && install --directory --owner gan1d --group gan1d /srv/gan1d
USER gan1d
WORKDIR /srv/gan1d

ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1

# What the project needs, in a layer of its own that a change of the sources leaves alone.
COPY --chown=gan1d Makefile requirements.txt constraints.txt ./
COPY --chown=gan1d tools tools
RUN make packages

COPY --chown=gan1d . .
RUN make install

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=3s --start-period=60s \
    CMD [".venv/bin/python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8501/_stcore/health', timeout=2)"]

# As `make app` ends, but reachable from outside of the container, and first in it, so that it gets the stop signal.
CMD [".venv/bin/gan1d", "app", "--port", "8501", "--host", "0.0.0.0"]
