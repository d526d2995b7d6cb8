"""What everything stands on: errors, secrets, ports, messages and the home."""
