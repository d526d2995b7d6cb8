"""Card commands, answers and files by ISO/IEC 7816-4."""
