"""ASN.1 structures of the chip's files, written and read by hand over the TLV codec."""
