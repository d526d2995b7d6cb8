"""From an approved application to a locked card: records, plan, writing, reading back."""
