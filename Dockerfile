# Maverick's image: web and workers are the same, started by different commands (compose.yaml).
# Everything is installed by hash from the lock; nothing is built.
FROM python:3.12.8-slim-bookworm AS packages
WORKDIR /app
COPY requirements.run.lock ./
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --no-deps --only-binary :all: -r requirements.run.lock
COPY tools/link_venv.py tools/link_venv.py
RUN .venv/bin/python tools/link_venv.py

FROM python:3.12.8-slim-bookworm
# Steps work in repositories, and checkpoints snapshot them.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 maverick \
 && install --directory --owner maverick --group maverick --mode 0700 /home/maverick/.maverick \
 && install --directory --owner maverick --group maverick /project
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY manage.py ./
COPY maverick_site maverick_site
COPY runs runs
COPY clients/python clients/python
COPY templates templates
COPY static static
COPY docs docs
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAVERICK_HOME=/home/maverick/.maverick \
    MAVERICK_PROJECT=/project
USER maverick
WORKDIR /project
EXPOSE 8000
CMD ["maverick", "up"]
