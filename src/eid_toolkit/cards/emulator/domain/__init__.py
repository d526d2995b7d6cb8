"""The issuer security domain of the emulated card."""
