"""The register's schema through time (Alembic)."""
