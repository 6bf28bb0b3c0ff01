# Entrepot as a container: the release binary on Debian, run by a user without rights, its state in Postgres.

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /entrepot
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/entrepot/target \
    cargo build --release --locked && cp target/release/entrepot /usr/local/bin/entrepot

FROM debian:bookworm-slim
# Certificates of authorities: for webhooks, and for a RabbitMQ that speaks TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libpq5 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /var/lib/entrepot --create-home entrepot
COPY --from=build /usr/local/bin/entrepot /usr/local/bin/entrepot
COPY config.example.toml /etc/entrepot/config.example.toml
# HTTPS is on when a certificate and its key are named: ENTREPOT_HTTP_TLS_CERTIFICATE, ENTREPOT_HTTP_TLS_KEY.
ENV ENTREPOT_HTTP_LISTEN=0.0.0.0:8080 ENTREPOT_HTTP_TLS_LISTEN=0.0.0.0:8443 \
    ENTREPOT_DATA_FOLDER=/var/lib/entrepot ENTREPOT_LOG_FORMAT=json
USER 10001
WORKDIR /var/lib/entrepot
EXPOSE 8080 8443
# bash speaks HTTP well enough: no client has to be installed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["entrepot"]
CMD ["serve"]
