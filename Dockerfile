# The service of docs/operations.md. Nothing in it is secret, and it writes nowhere: run it with a read-only root.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/build.txt requirements/service.txt requirements/
RUN python -m venv --without-pip /opt/app \
    && pip --python /opt/app/bin/python install --require-hashes -r requirements/service.txt \
    && pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY security_campaigns_mcp security_campaigns_mcp
COPY server server
COPY tools tools
COPY prompts prompts
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /build/dist . \
    && pip --python /opt/app/bin/python install --no-deps --no-index /build/dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="security-campaigns-mcp" \
      org.opencontainers.image.description="An MCP server that runs GitHub security campaigns" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin campaigns
COPY --from=build /opt/app /opt/app
ENV PATH=/opt/app/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SECURITY_CAMPAIGNS_HTTP=0.0.0.0:8000 \
    SECURITY_CAMPAIGNS_LOG_FORMAT=json
USER 10001:10001
EXPOSE 8000
# Not with urllib, which would send this through the proxy that HTTP_PROXY names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["security-campaigns-mcp"]
CMD ["serve"]
