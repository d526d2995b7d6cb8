"""The page of a contact sheet: one HTML file without scripts or outside references, to look at or to print on A4."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape

from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.messages.catalogue import Speaker
from eid_toolkit.work.office.contact_sheets import META, Content, OnSheet, written

_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 10pt/1.3 system-ui, sans-serif; margin: 1rem auto; max-width: 190mm; color: #1b1b1b; background: #fff }
header { border-bottom: 1px solid #57606a; margin-bottom: 4mm }
h1 { font-size: 13pt; margin: 0 } header p { margin: 1mm 0 2mm; color: #57606a }
ol { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 3mm }
li { border: 1px solid #c4c9cf; border-radius: 1.5mm; padding: 2mm; break-inside: avoid; display: flex; gap: 3mm;
     min-height: 48mm }
.face { flex: none; width: 35mm } img { width: 35mm; display: block } .none { height: 45mm; border: 1px dashed #57606a }
.number { font-size: 18pt; font-weight: 700; line-height: 1 }
.told { min-width: 0; overflow-wrap: anywhere } .told p { margin: .6mm 0 } .name { font-weight: 600 }
.small { font-size: 8pt; color: #57606a } .odd { background: #fff1d6 } .like { background: #ffe0dc }
.odd, .like { padding: .5mm 1mm; border-radius: 1mm; font-size: 8.5pt }
@media (max-width: 40rem) { ol { grid-template-columns: 1fr } }
"""
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode('ascii')}'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
"""What a browser allows the page: its own style by its hash, and pictures that it carries (CSP level 3)."""


def page_of(content: Content, shown: Sequence[OnSheet], authority: str, speaker: Speaker) -> str:
    """The page, with what a program reads in its head; all text on it comes from registers and is made harmless."""
    title = speaker.explain("sheet-page-title", {"mark": content.mark})
    facts = {"count": len(shown), "operator": content.made_by, "time": content.made_at, "mark": content.mark}
    items = "\n".join(_item(each, speaker) for each in shown)
    return (
        f"<!doctype html>\n<html lang='{escape(speaker.language)}'><head><meta charset='utf-8'>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        f'<meta name="{META}" content="{escape(written(content))}">\n'
        "<meta name='viewport' content='width=device-width'><meta name='referrer' content='no-referrer'>\n"
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><header><h1>{_text(authority)}: {_text(speaker.in_short('sheet-page-made'))}</h1>"
        f"<p>{_text(speaker.explain('sheet-page-made', facts))}</p></header>\n"
        f"<main><ol>\n{items}\n</ol></main></body></html>\n"
    )


def _item(each: OnSheet, speaker: Speaker) -> str:
    face = "<div class='none'></div>"
    if each.image is not None:
        data = base64.b64encode(each.image).decode("ascii")
        alt = _text(speaker.explain("sheet-page-portrait", {"number": each.number}))
        face = f"<img alt='{alt}' src='data:image/jpeg;base64,{data}'>"
    told = "\n".join(f"<p class='{kind}'>{_text(line)}</p>" for kind, line in _lines(each, speaker))
    return f"<li><div class='face'>{face}</div><div class='told'><p class='number'>{each.number}</p>\n{told}</div></li>"


def _lines(each: OnSheet, speaker: Speaker) -> Iterator[tuple[str, str]]:
    record, tell = each.record, speaker.explain
    data = record.person.data
    facts = {"profile": record.profile, "kind": str(record.kind), "document": record.replaces}
    yield "name", data.names
    yield "", tell("sheet-page-born", {"date": speaker.date(data.date_of_birth.iso), "sex": data.sex})
    yield "", tell("sheet-page-number", {"number": data.personal_number or "-"})
    yield "", tell("sheet-page-replaces" if record.replaces else "sheet-page-applies", facts)
    yield "small", tell("sheet-page-state", {"id": record.id, "state": str(record.state), "operator": record.creator})
    if each.trouble is not None:
        yield "like", speaker.of(each.trouble).text
    for finding in each.findings:
        yield "odd", tell(finding.code, finding.facts())
    for other in each.alike:
        like = "sheet-page-same" if other.equal else "sheet-page-nearly-same"
        yield "like", tell(like, {"bits": other.bits, "application": other.application})


def _text(text: str) -> str:
    return escape(harmless(text))
