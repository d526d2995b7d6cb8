"""The style of a verdict's page: its colours, its shapes, and what a browser allows it (CSP level 3).

It is for a phone of 390 pixels, a screen, and paper. What a colour says, a shape and a word say, too.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape

INK, PAPER, QUIET, LINE = "#1b1b1b", "#ffffff", "#4b535c", "#6e7781"
MARKS = {
    "passed": "#176d2f",
    "failed": "#a61e14",
    "undetermined": "#855800",
    "not-performed": "#4b535c",
    "finding": "#4b535c",
}
"""The ground of each status; what is written on it has the colour of :data:`PAPER`."""
_MARK_RULES = "\n".join(f".{status} {{ background: {ground}; color: {PAPER} }}" for status, ground in MARKS.items())

STYLE = f"""
:root {{ color-scheme: light }}
* {{ box-sizing: border-box }}
body {{ font: 1rem/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 64rem; color: {INK};
  background: {PAPER}; overflow-wrap: anywhere }}
{_MARK_RULES}
header {{ display: flex; align-items: center; gap: 1rem; padding: .8rem 1rem; border-radius: .5rem }}
header svg {{ flex: none; width: 4rem; height: 4rem }}
h1 {{ margin: 0; font-size: 1.7rem; line-height: 1.15 }}
h2 {{ margin: 1.4rem 0 .4rem; font-size: 1.15rem }}
.holder {{ display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr; gap: 1.2rem; align-items: start }}
.holder img {{ width: 100%; height: auto; display: block; border: 1px solid {LINE} }}
.holder h2 {{ margin: 0 }} figure {{ margin: 0 }}
.name {{ margin: 0 0 .5rem; font-size: 1.5rem; font-weight: 700; line-height: 1.2 }}
dl {{ margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }}
dt {{ color: {QUIET} }} dd {{ margin: 0; font-weight: 600 }}
.next {{ font-size: 1.15rem; font-weight: 600; margin: 0 }}
ul {{ list-style: none; margin: 0; padding: 0 }} li {{ margin: .35rem 0 }}
.mark {{ border-radius: .3rem; padding: .05rem .5rem; white-space: nowrap; font-size: .85rem; font-weight: 600 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid {LINE} }}
.quiet {{ color: {QUIET} }} code {{ white-space: nowrap }}
@media (max-width: 40rem) {{
  body {{ padding: .6rem }}
  .holder {{ grid-template-columns: 7.5rem 1fr; gap: .8rem }} .name {{ font-size: 1.25rem }}
  dl {{ grid-template-columns: 1fr; gap: 0 }} dd {{ margin-bottom: .4rem }}
  table, tbody, tr, td {{ display: block }} thead {{ display: none }}
  td {{ border: 0; padding: 0 }} tr {{ border-bottom: 1px solid {LINE}; padding: .4rem 0 }}
}}
@media print {{
  @page {{ margin: 14mm }}
  body {{ font-size: 10pt; padding: 0; max-width: none }}
  header {{ border: 2pt solid {INK} }} .mark {{ border: 1pt solid {INK} }}
  header, .mark {{ print-color-adjust: exact; -webkit-print-color-adjust: exact }}
  .holder {{ grid-template-columns: 40mm 1fr }}
  section, li, tr {{ break-inside: avoid }}
}}
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode('ascii')}'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
"""The page's own style by its hash, pictures that it carries, and nothing else: no script, no other place."""

_SHAPES = {
    # A circle with a tick, an octagon with a cross, a triangle with an exclamation mark.
    "passed": "<circle cx='32' cy='32' r='29'/><path d='M18 33l10 10 19-21'/>",
    "failed": "<path d='M21 3h22l18 18v22l-18 18h-22l-18-18v-22z'/><path d='M22 22l20 20M42 22l-20 20'/>",
    "undetermined": "<path d='M32 4l29 54h-58z'/><path d='M32 24v16M32 49v1'/>",
}


def shape_of(decision: str) -> str:
    """The verdict's shape; a screen reader hears the word beside it."""
    return (
        "<svg viewBox='0 0 64 64' aria-hidden='true' fill='none' stroke='currentColor' stroke-width='5' "
        f"stroke-linecap='round' stroke-linejoin='round'>{_SHAPES[decision]}</svg>"
    )


def head(title: str, language: str, reload: int | None) -> str:
    """Everything up to the page's body; with ``reload`` the page is read anew after that many seconds."""
    reloading = "" if reload is None else f"<meta http-equiv='refresh' content='{reload}'>\n"
    return (
        f"<!doctype html>\n<html lang='{escape(language)}'>\n<head><meta charset='utf-8'>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n{reloading}'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<meta name='referrer' content='no-referrer'>\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n"
    )
