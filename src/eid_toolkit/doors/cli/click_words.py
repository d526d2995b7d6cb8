"""What click itself says, in the user's language: usage lines, headings of a help, complaints about a line.

Click takes its sentences from :mod:`gettext`, whose catalogues are binary files in folders of the system. Ours stand
with all others, in ``messages/LANGUAGE/words/click.toml``, by the English sentence.
"""

from __future__ import annotations

import gettext
import sys

from eid_toolkit.ground.messages.catalogue import FALLBACK, Speaker, words

_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types", "utils")


def speak(speaker: Speaker) -> None:
    """Have click speak this language from now on, in this process; what it lacks is said in English."""
    known = words(speaker.language, "click")

    def one(text: str) -> str:
        return known.get(text, text)

    def several(singular: str, plural: str, count: int) -> str:
        return one(singular if count == 1 else plural)

    english = speaker.language == FALLBACK
    for module in filter(None, (sys.modules.get(f"click.{name}") for name in _MODULES)):
        for name, ours, theirs in (("_", one, gettext.gettext), ("ngettext", several, gettext.ngettext)):
            if hasattr(module, name):
                setattr(module, name, theirs if english else ours)
