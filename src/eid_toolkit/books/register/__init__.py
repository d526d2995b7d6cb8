"""The population register with applications and documents, on SQLite."""
