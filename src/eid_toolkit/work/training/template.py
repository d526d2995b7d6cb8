"""A new case as `eid train new` writes it, to be filled in; docs/training.md explains each field."""

TEMPLATE = """\
schema = "eid-training-case/1"
# Whether card or bearer are to be caught.
threat = true
# What is right to do: "accept", "second-line", "refuse"; several where several are right.
answers = ["refuse", "second-line"]
# Why: "pa", "chip", "document", "status", "bearer", "print"; none where only "accept" is right.
reasons = ["chip"]
# The section of a standard that the case rests on.
section = "Doc 9303-11 6.2"
# How many days ago the card was issued.
issued_days = 400

# The card, as in a card spec (docs/card-spec.md), without seed and time.
[card]
profile = "utopia-id"
forgery = "clone"

# What the tool says when the MRZ was read: checked by "eid train check".
[expected]
verdict = "failed"
[expected.causes]
"chip.ca" = "ca-proof-wrong"
"chip.aa" = "aa-signature-wrong"

# What is told, in each language; English has to be there.
[told.en]
title = "a copy without the chip's keys"
scene = "A counter in the morning. A man hands over a card."
says = '"Good morning."'
notice = "The files are genuine, the chip is not."
"""
