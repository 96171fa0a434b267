with raw as (
    select * from {{ source('raw', 'vietnamadminunits_dvhc__chuyen_doi') }}
)

select
    ma_cu as old_code,
    ma_moi as new_code,
    la_mac_dinh as is_default,
    bi_tach as is_split,
    {{ lineage() }}
from raw
