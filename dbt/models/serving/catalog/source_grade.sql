{{ config(tags=['always']) }}
-- The four grades of every source, 0-100; the formulas are in int_source__graded.
select * from {{ ref('int_source__graded') }}
