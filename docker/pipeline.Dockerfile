# Airflow, dbt, Great Expectations, DuckDB: the pipeline environment.
FROM python:3.12-slim
RUN useradd --create-home --uid 10001 ioc && mkdir -p /var/lib/ioc/serving /var/lib/ioc/open && chown -R ioc /var/lib/ioc
WORKDIR /srv/dongson
COPY requirements/pipeline.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/pipeline.txt \
 && pip install --no-cache-dir psycopg2-binary==2.9.10
COPY . .
ENV PYTHONPATH=/srv/dongson PYTHONUTF8=1
USER ioc
