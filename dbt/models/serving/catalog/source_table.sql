{{ config(tags=['always']) }}
select * from ops.source_table
