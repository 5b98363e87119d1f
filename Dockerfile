# light: predict, variants and merge on a CPU, through onnxruntime.   docker build --target light -t phosphot5:light .
# full: all commands, with torch for the CPU.                         docker build --target full -t phosphot5:full .
# All versions are those of constraints.txt.
ARG PYTHON=3.12.12-slim-bookworm

FROM python:${PYTHON} AS wheel
WORKDIR /source
COPY constraints.txt LICENSE README.md pyproject.toml setup.cfg ./
COPY hub_card hub_card
COPY modeling_phosphot5 modeling_phosphot5
COPY phosphot5 phosphot5
COPY recipes recipes
COPY tokenization_phosphot5 tokenization_phosphot5
COPY trainer trainer
RUN pip install --no-cache-dir --constraint constraints.txt setuptools && \
    pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /wheels .

FROM python:${PYTHON} AS base
# caches where any user may write: workflows run a container as the user who starts it
ENV HF_HOME=/tmp/huggingface \
    MPLCONFIGDIR=/tmp/matplotlib \
    PHOSPHOT5_VERSION=0.7.0 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.title="PhosphoT5" \
      org.opencontainers.image.description="Predicts phosphosites of proteins; bundled weights for non-commercial research" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${PHOSPHOT5_VERSION}"
RUN useradd --create-home --uid 1000 phosphot5
WORKDIR /data
ENTRYPOINT ["phosphot5"]
CMD ["--help"]

FROM base AS light
RUN --mount=type=bind,from=wheel,source=/source/constraints.txt,target=/constraints.txt \
    --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --constraint /constraints.txt filelock numpy onnxruntime && \
    pip install --no-cache-dir --no-deps "/wheels/phosphot5-${PHOSPHOT5_VERSION}-py3-none-any.whl"
USER 1000:1000

FROM base AS full
# the versions of the extra index end in +cpu, which pip prefers to PyPI's build for CUDA
RUN --mount=type=bind,from=wheel,source=/source/constraints.txt,target=/constraints.txt \
    --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --constraint /constraints.txt \
    --extra-index-url https://download.pytorch.org/whl/cpu \
    "/wheels/phosphot5-${PHOSPHOT5_VERSION}-py3-none-any.whl[app,completion,data,lora,onnx]"
EXPOSE 7860
USER 1000:1000
