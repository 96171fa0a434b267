with raw as (
    select * from {{ source('raw', 'sonnmt_ho_ngheo__ho_ngheo') }}
)

select
    nam as survey_year,
    ma_xa as source_area_code,
    tong_ho as households,
    ho_ngheo as poor_households,
    ho_can_ngheo as near_poor_households,
    {{ lineage() }}
from raw
