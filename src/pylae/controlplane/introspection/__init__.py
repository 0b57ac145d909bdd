"""What the CLI, probes and Prometheus are told: `witness` reads it off the running parts, `document` spells it."""
