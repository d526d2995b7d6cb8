"""A software card: MF, issuer security domain and eMRTD application, answering APDUs as a chip does."""
