{{ config(tags=['always']) }}
-- The declared sources as boards may see them (without contacts).
select * exclude (owner_contact, declaration_path) from ops.source
