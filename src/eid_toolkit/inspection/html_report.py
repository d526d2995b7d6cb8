"""The verdict as one HTML page without scripts or outside references, to print or to keep."""

from __future__ import annotations

import base64
from html import escape

from eid_toolkit.codec.display import harmless
from eid_toolkit.errors import BadInput
from eid_toolkit.inspection.evidence import Evidence
from eid_toolkit.inspection.report import Explain, explain_check, verdict_text
from eid_toolkit.inspection.verdict import Verdict
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds.dg2 import Dg2

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
h1 { padding: .6rem 1rem; color: #fff; border-radius: .4rem; text-transform: uppercase }
.passed { background: #1a7f37 } .failed { background: #b42318 } .undetermined { background: #9a6700 }
.not-performed { background: #57606a }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0 }
.mark { color: #fff; border-radius: .3rem; padding: .05rem .5rem; white-space: nowrap; font-size: .85rem }
img { float: right; max-width: 12rem; margin: 0 0 1rem 1rem; border: 1px solid #ccc }
pre { white-space: pre-wrap }
"""


def verdict_html(verdict: Verdict, explain: Explain, portrait: tuple[str, bytes] | None) -> str:
    """The page; ``portrait`` is its media type and the image, if a browser can show it."""
    rows = "".join(
        f"<tr><td><span class='mark {result.status}'>{result.status}</span></td><td><code>{result.id}</code></td>"
        f"<td>{escape(explain_check(result, explain))}</td></tr>"
        for result in verdict.checks
    )
    layers = "".join(
        f"<tr><th>{layer.value}</th><td><span class='mark {decision}'>{decision}</span></td></tr>"
        for layer, decision in verdict.layers.items()
    )
    image = ""
    if portrait is not None:
        media_type, data = portrait
        image = f"<img alt='Portrait' src='data:{media_type};base64,{base64.b64encode(data).decode('ascii')}'>"
    name = "" if verdict.holder is None else f": {harmless(verdict.holder.primary_identifier)}"
    specimen = " (specimen)" if verdict.specimen else ""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{escape(verdict.decision + name)}</title><style>{_STYLE}</style></head><body>"
        f"<h1 class='{verdict.decision}'>{verdict.decision}{specimen}</h1>{image}<table>{layers}</table>"
        f"<table>{rows}</table><h2>In full</h2>"
        f"<pre>{escape(verdict_text(verdict, explain, lambda text, status: text))}</pre></body></html>\n"
    )


def portrait_of(evidence: Evidence) -> tuple[str, bytes] | None:
    """Media type and bytes of the portrait, if it was read and a browser can show it."""
    content = evidence.content(ElementaryFile.DG2)
    if content is None:
        return None
    try:
        image = Dg2.parse(content).portrait
    except BadInput:
        return None
    return (image.media_type, image.data) if image.media_type == "image/jpeg" else None
