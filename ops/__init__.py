"""The command line: everything a person does with the platform, and what `up` starts and stops."""
