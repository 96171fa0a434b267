{{ config(tags=['always']) }}
-- What people did about alarms, as the ledger has it when this is built; the duty officers' page reads the ledger itself.
select * from ops.alarm_step
