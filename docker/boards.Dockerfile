# Superset and the boards: its own environment, with the same DuckDB as the pipeline.
FROM python:3.12-slim
RUN useradd --create-home --uid 10001 ioc && mkdir -p /var/lib/ioc/superset /var/lib/ioc/secrets && chown -R ioc /var/lib/ioc
WORKDIR /srv/dongson
COPY requirements/boards.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/boards.txt
COPY boards boards
COPY warehouse warehouse
RUN chown -R ioc "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/superset/translations"
ENV PYTHONPATH=/srv/dongson PYTHONUTF8=1 SUPERSET_CONFIG_PATH=/srv/dongson/boards/superset_config.py SUPERSET_ENV=production
USER ioc
CMD ["sh", "-c", "python -m boards.setup && exec python -m gunicorn --bind 0.0.0.0:8088 --workers 1 --worker-class gthread --threads 12 --timeout 120 'superset.app:create_app()'"]
