{{ breakpoint_segments(ref('seed_vn_wqi_breakpoint'), ['parameter'], 'concentration') }}
