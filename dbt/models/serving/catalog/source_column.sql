{{ config(tags=['always']) }}
-- The declared columns: what each becomes, and which never come in (personal ones, ignored ones).
select * from ops.source_column
