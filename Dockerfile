FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
# The dependencies alone, so that this layer lives until they change.
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt
COPY . .
RUN SECRET_KEY=build SECRET_ENCRYPTION_KEYS=build DATABASE_URL=postgres://build/build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input \
    && python -m compileall -q .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home regulars
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER regulars
EXPOSE 8000
# One image for every process of the Procfile.
CMD ["python", "-m", "config.procfile", "web"]
