"""Verify the card in a reader: python verify_card.py READER FOLDER-OF-CSCA-CERTIFICATES"""

import sys

from eid_toolkit import Can, Trust, open_reader, verify

with open_reader(sys.argv[1]) as card:
    verdict = verify(card, Can(input("CAN: ")), Trust.from_folder(sys.argv[2]))
print(verdict.decision, verdict.holder)
for check in verdict.causes:
    print(check.id, verdict.explain(check))
