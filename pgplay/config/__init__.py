"""What a person may set, and how it is written down: fields, the run's configuration, presets, recipes."""
