"""Pictures from outside: checked, bounded in what they cost, and brought into the form that is wanted."""
