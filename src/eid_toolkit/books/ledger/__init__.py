"""The database of the register and the audit log: schema, migrations, and the canonical forms of rows."""
