"""A case as a page: who stands there beside what is printed on the card, for a second screen or a phone."""

from __future__ import annotations

import base64
from html import escape

from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.messages.catalogue import Speaker
from eid_toolkit.work.inspection.reports.page_style import head
from eid_toolkit.work.training.view import View


def scene_html(view: View, speaker: Speaker) -> str:
    """The page; a deck may come from a stranger, so all text on it is made harmless."""
    title = speaker.explain("training-case-number", {"number": view.number, "of": view.of})
    face = base64.b64encode(view.bearer).decode("ascii")
    bearer = _text(speaker.explain("training-page-bearer", {}))
    printed = speaker.explain("training-printed", {"can": view.can})
    lines = "<br>".join(f"<samp>{_text(line)}</samp>" for line in view.mrz.lines)
    return (
        f"{head(harmless(title), speaker.language, None)}<body>\n<main>\n<h1>{_text(title)}</h1>\n"
        f"<p class='next'>{_text(view.scene)}</p>\n<p>{_text(view.says)}</p>\n"
        f"<section class='holder'>\n<figure><img alt='{bearer}' src='data:image/jpeg;base64,{face}'></figure>\n"
        f"<p>{_text(printed)}</p>\n</section>\n<p>{lines}</p>\n</main></body></html>\n"
    )


def _text(text: str) -> str:
    return escape(harmless(text))
