# One image for web, workers, beat and migrations. Values come from the environment only (docs/operations.md).

# The browser files: copied by the same script as on a developer's machine.
FROM node:22-bookworm-slim AS frontend
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/frontend.py scripts/frontend.py
COPY core/icons.py core/icons.py
RUN python3 scripts/frontend.py

# The Python packages: exactly the locked files, each checked against its hash.
FROM python:3.13-slim-bookworm AS packages
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements.txt

FROM python:3.13-slim-bookworm
# What WeasyPrint draws letters with, and a font that has every letter of Europe.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libfontconfig1 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin encours \
    && install --directory --owner encours --group encours --mode 0700 /data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENCOURS_MODE=production ENCOURS_DATA=/data PORT=8000 HOME=/tmp
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=frontend /app/static/vendor static/vendor
# Placeholders that only these two steps see: neither opens a connection.
RUN python scripts/translations.py \
    && DATABASE_URL=postgresql://build@localhost/build REDIS_URL=redis://localhost SECRET_KEY=build \
        BASE_URL=http://localhost python manage.py collectstatic --noinput --verbosity 0
USER encours
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "docker/probe.py", "web"]
CMD ["gunicorn", "--config", "python:creditmgmt.serving"]
