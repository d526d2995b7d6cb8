"""Named test cases against any eMRTD chip, in the spirit of BSI TR-03105 parts 3.1 and 3.2 and ISO 18745-2."""
