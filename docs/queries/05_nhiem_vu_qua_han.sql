-- Nhiệm vụ Nghị quyết 57 quá hạn, chậm nhất trước
-- Overdue tasks of Resolution 57, the latest first
SELECT task_code, task_name, lead_agency, due_date, days_late
FROM mart.fct_task
WHERE NOT is_done AND due_date < current_date
ORDER BY days_late DESC;
