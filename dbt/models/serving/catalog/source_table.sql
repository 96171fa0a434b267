select * from ops.source_table
