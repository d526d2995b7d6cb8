"""The verdict as one HTML page without scripts or outside references, to print or to keep."""

from __future__ import annotations

import base64
from html import escape

from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import as_jpeg
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.reports.report import explain_check
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words, closing, headline
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus
from eid_toolkit.work.inspection.verdict import Verdict

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
h1 { padding: .6rem 1rem; color: #fff; border-radius: .4rem }
.passed { background: #1a7f37 } .failed { background: #b42318 } .undetermined { background: #9a6700 }
.not-performed, .finding { background: #57606a }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0 }
.mark { color: #fff; border-radius: .3rem; padding: .05rem .5rem; white-space: nowrap; font-size: .85rem }
img { float: right; max-width: 12rem; margin: 0 0 1rem 1rem; border: 1px solid #ccc }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
@media (max-width: 40rem) { td code { display: none } }
"""


_ORDER = (CheckStatus.FAILED, CheckStatus.UNDETERMINED, CheckStatus.NOT_PERFORMED, CheckStatus.PASSED)


def notice_html(text: str, *, reload: int) -> str:
    """A page that says one thing and is read anew: between two cards."""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'>{_reloading(reload)}"
        f"<title>{escape(harmless(text))}</title><style>{_STYLE}</style></head>"
        f"<body><p>{escape(harmless(text))}</p></body></html>\n"
    )


def _reloading(seconds: int | None) -> str:
    return "" if seconds is None else f"<meta http-equiv='refresh' content='{seconds}'>"


def verdict_html(verdict: Verdict, words: Words, portrait: bytes | None, *, reload: int | None = None) -> str:
    """The page, with what did not pass first; ``portrait`` is an image in JPEG."""
    checks = sorted(verdict.checks, key=lambda result: _ORDER.index(result.status))
    rows = "".join(row for result in checks for row in _rows(result, words))
    layers = "".join(
        f"<tr><th>{layer.value}</th><td><span class='mark {decision}'>{decision}</span></td></tr>"
        for layer, decision in verdict.layers.items()
    )
    image = ""
    if portrait is not None:
        image = f"<img alt='Portrait' src='data:image/jpeg;base64,{base64.b64encode(portrait).decode('ascii')}'>"
    name = "" if verdict.holder is None else f": {harmless(verdict.holder.primary_identifier)}"
    specimen = "<p>Specimen, not a real document.</p>" if verdict.specimen else ""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'>{_reloading(reload)}"
        f"<title>{escape(verdict.decision + name)}</title><style>{_STYLE}</style></head><body>"
        f"<h1 class='{verdict.decision}'>{escape(headline(verdict, words))}</h1>{specimen}{image}"
        f"<p>{escape(closing(verdict, words))}</p><table>{layers}</table><table>{rows}</table><h2>In full</h2>"
        f"<pre>{escape(verdict_text(verdict, words, verbose=True))}</pre></body></html>\n"
    )


def _rows(result: CheckResult, words: Words) -> list[str]:
    rows = [(result.status.value, explain_check(result, words.explain))]
    rows += [("finding", words.explain(finding.reason, finding.facts)) for finding in result.outcome.findings]
    return [
        f"<tr><td><span class='mark {status}'>{status}</span></td><td><code>{result.id}</code></td>"
        f"<td>{escape(sentence)}</td></tr>"
        for status, sentence in rows
    ]


def portrait_of(evidence: Evidence) -> bytes | None:
    """The portrait in DG2 as JPEG, which every browser shows, if there is one that can be read."""
    content = evidence.content(ElementaryFile.DG2)
    if content is None:
        return None
    try:
        return as_jpeg(Dg2.parse(content).portrait.data)
    except BadInput:
        return None
