-- More LED or smart lights than lights is an error of the source, marked and never summed.
select quarter_key, area_code, lights, led_lights, smart_lights, greatest(led_lights, smart_lights) > lights as is_impossible, extract_id, loaded_at
from {{ ref('stg_soct_nang_luong__den_duong') }}
