"""A software card: MF, issuer security domain and eMRTD application, answering APDUs as a chip does."""

import logging

logging.getLogger("eid_toolkit").addHandler(logging.NullHandler())  # whoever wants the log asks for it (--debug)
