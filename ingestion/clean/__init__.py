"""Vietnamese text, numbers and dates: how what offices write becomes a value, as vectorised SQL and Arrow."""
