# syntax=docker/dockerfile:1
# The service as an ordinary server (`api-local`). On AWS the same code runs as `api-lambda`.

FROM rust:1.95.0-slim-trixie AS build
# The image's own toolchain: rust-toolchain.toml would fetch components that only checks need.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# The caches outlive the build, so the binary is copied out of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/target,sharing=locked \
    CARGO_TARGET_DIR=/target cargo build --release --locked -p api-local \
 && install -D /target/release/api-local /out/usr/local/bin/api-local \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
 && mkdir /data

FROM debian:13.5-slim
# The certificates are for SMTP over TLS; they come from the build stage to spare a package step.
COPY --from=build /out/ /
# A named volume takes its owner from here.
COPY --from=build --chown=65532:65532 /data/ /data/
USER 65532:65532
ENV HOST=0.0.0.0 PORT=8001 DATA_DIR=/data
VOLUME /data
EXPOSE 8001
# bash opens the connection itself: no curl in the image.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["bash", "-c", "\
exec 3<>/dev/tcp/127.0.0.1/$PORT && \
printf 'GET /health/ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && \
read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["api-local"]
