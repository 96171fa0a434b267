{{ config(tags=['always']) }}
-- The ledger: every extract that a number can point to.
select * from ops.extract
