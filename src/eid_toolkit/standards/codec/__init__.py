"""Byte encodings: BER-TLV and data grouping identifiers."""
