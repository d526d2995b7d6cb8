"""The country signing PKI of Doc 9303-12: certificates, revocation lists, their making and their judging."""
