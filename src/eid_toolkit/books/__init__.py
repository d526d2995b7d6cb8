"""What is remembered, and who may change it: keys, staff, the register, the audit log, and whom one believes."""
