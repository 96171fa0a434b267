{{ breakpoint_segments(ref('seed_vn_aqi_breakpoint'), ['parameter', 'averaging'], 'concentration_ugm3') }}
