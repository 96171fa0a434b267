-- Hai mươi hai hệ thống của bài báo gốc: bảng nào, bao nhiêu dòng
-- The twenty-two systems of the founding article: which table, how many rows
SELECT * FROM (VALUES
    (1, 'Nhiệm vụ Nghị quyết 57', 'fct_task', (SELECT count(*) FROM mart.fct_task)),
    (2, '20 bài toán lớn', 'fct_big_problem', (SELECT count(*) FROM mart.fct_big_problem)),
    (3, 'IoT nông nghiệp công nghệ cao', 'fct_sensor_hour', (SELECT count(*) FROM mart.fct_sensor_hour)),
    (4, 'Quan trắc môi trường nước', 'fct_env_reading_hour', (SELECT count(*) FROM mart.fct_env_reading_hour)),
    (5, 'Cảnh báo lũ quét', 'fct_flash_flood_hour', (SELECT count(*) FROM mart.fct_flash_flood_hour)),
    (6, 'Hồ chứa', 'fct_reservoir_hour', (SELECT count(*) FROM mart.fct_reservoir_hour)),
    (7, 'Đất đai, khoáng sản, nước, rừng', 'fct_land_parcel', (SELECT count(*) FROM mart.fct_land_parcel)),
    (8, 'Thiên tai và thiệt hại', 'fct_damage_report', (SELECT count(*) FROM mart.fct_damage_report)),
    (9, 'Năng lượng', 'fct_power_sold_month', (SELECT count(*) FROM mart.fct_power_sold_month)),
    (10, 'Nhật ký phân tích AI', 'fct_ai_note', (SELECT count(*) FROM mart.fct_ai_note)),
    (11, 'Dự án AI', 'fct_ai_project', (SELECT count(*) FROM mart.fct_ai_project)),
    (12, 'Đào tạo kỹ năng số', 'fct_training_session', (SELECT count(*) FROM mart.fct_training_session)),
    (13, 'Vùng mía Lasuco', 'fct_cane_alert', (SELECT count(*) FROM mart.fct_cane_alert)),
    (14, 'Đàn bò sữa Vinamilk', 'fct_dairy_day', (SELECT count(*) FROM mart.fct_dairy_day)),
    (15, 'Doanh nghiệp và dự án Nghi Sơn', 'fct_firm', (SELECT count(*) FROM mart.fct_firm)),
    (16, 'Đô thị thông minh: y tế, giáo dục, an sinh', 'fct_hospital_day', (SELECT count(*) FROM mart.fct_hospital_day)),
    (17, 'Quỹ phát triển KH&CN', 'fct_science_fund_quarter', (SELECT count(*) FROM mart.fct_science_fund_quarter)),
    (18, 'Ngân sách KH&CN', 'fct_science_spending_month', (SELECT count(*) FROM mart.fct_science_spending_month)),
    (19, 'Hạ tầng viễn thông', 'fct_hamlet_quarter', (SELECT count(*) FROM mart.fct_hamlet_quarter)),
    (20, 'Nhân lực công nghệ thông tin', 'fct_staff_quarter', (SELECT count(*) FROM mart.fct_staff_quarter)),
    (21, 'Một cửa', 'fct_dossier', (SELECT count(*) FROM mart.fct_dossier)),
    (22, 'Đầu tư công', 'fct_investment_project', (SELECT count(*) FROM mart.fct_investment_project))
) AS s (so, he_thong, bang, so_dong)
ORDER BY so;
