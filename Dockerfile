# fenban as a container that doesn't run as root. docs/operations.md tells how to start it.
FROM python:3.11-slim-bookworm AS wheels
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE service.py ./
COPY router ./router
COPY models ./models
COPY training ./training
COPY data ./data
RUN python -m pip wheel --no-cache-dir --constraint constraints.txt --wheel-dir /wheels ".[fast,postgres]"

FROM python:3.11-slim-bookworm
COPY --from=wheels /wheels /wheels
RUN python -m venv /opt/fenban
RUN /opt/fenban/bin/python -m pip install --no-cache-dir --no-index --find-links /wheels "fenban[fast,postgres]"
RUN useradd --system --uid 10001 --home-dir /var/lib/fenban --create-home --shell /usr/sbin/nologin fenban
ENV PATH=/opt/fenban/bin:/usr/local/bin:/usr/bin:/bin \
    TZ=Asia/Shanghai \
    XDG_CACHE_HOME=/var/lib/fenban/cache \
    FENBAN_LOG_FORMAT=json
USER 10001
WORKDIR /var/lib/fenban
VOLUME /var/lib/fenban
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# the store is the default one, store: it comes when the first model is trained in the running container
CMD ["fenban", "serve", "--host", "0.0.0.0", "--site", "site"]
