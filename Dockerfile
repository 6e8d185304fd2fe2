# The command line as an image. It has not been built yet.
#   docker build --tag intervals-async .
#   docker run --rm --env INTERVALS_TOKEN --volume "$PWD:/data" intervals-async export --all --output backup
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build && python -m build --wheel --outdir /dist .

FROM python:3.13-slim
COPY --from=build /dist /dist
RUN pip install --no-cache-dir "$(ls /dist/*.whl)[arrow,cli,fast,redis,zst]" && rm -r /dist \
    && useradd --create-home intervals
USER intervals
WORKDIR /data
ENTRYPOINT ["intervals-async"]
