{{ config(tags=['always']) }}
-- Declared columns of the sources: what they are called, not what they hold.
select source_id, table_name, ordinal, column_name, source_name, type, unit, class, is_required, description_vi, description_en, is_ignored, ignored_why
from ops.source_column
