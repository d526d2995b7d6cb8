"""The ASN.1 modules of the standards, declared with ``asn1crypto``: one file for each, with its types and field names.

They are the reference that the hand-written readers and writers are held to, byte for byte, and the reader of what is
not on the way of an inspection: lists, requests, and the structure of any object (``asn1.structure``). Read through
``asn1.declared.load``, which sets limits first. Importing a module costs some 30 ms.
"""
