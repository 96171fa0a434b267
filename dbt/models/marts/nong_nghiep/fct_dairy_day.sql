select farm_code, date_day, strftime(date_day, '%Y%m%d') as day_key, area_code, cows, milking_cows, litres, feed_kg, milking_cows > cows as is_impossible, extract_id, loaded_at
from {{ ref('stg_vinamilk_bo_sua__sua_ngay') }}
