"""What is in a file of a chip, a certificate or a list, as plain data with the standards' names."""
