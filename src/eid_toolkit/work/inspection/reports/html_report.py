"""The verdict as one HTML page without scripts or outside references: for a screen, a phone and paper.

Verdict and cause stand on top by colour, shape and word, then the holder with the portrait, what to do, what was not
passed, how old what it rests on is, and all checks. Whatever a card holds is text on it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import shown_on_screen
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.circumstances import ages, circumstances
from eid_toolkit.work.inspection.reports.page_style import head, shape_of
from eid_toolkit.work.inspection.reports.report import explain_check
from eid_toolkit.work.inspection.reports.wording import Words, closing, full_name, headline
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus
from eid_toolkit.work.inspection.verdict import Verdict

_ORDER = (CheckStatus.FAILED, CheckStatus.UNDETERMINED, CheckStatus.NOT_PERFORMED, CheckStatus.PASSED)


def verdict_html(verdict: Verdict, words: Words, portrait: bytes | None, *, reload: int | None = None) -> str:
    """The page; ``portrait`` is an image in JPEG. With ``reload`` it is read anew after that many seconds."""
    name = "" if verdict.holder is None else f" - {full_name(verdict.holder)}"
    specimen = f"<p>{_text(words.explain('page-specimen', {}))}</p>\n" if verdict.specimen else ""
    return (
        f"{head(harmless(headline(verdict, words) + name), words.language, reload)}"
        f"<body>\n<header class='{verdict.decision}'>{shape_of(verdict.decision)}"
        f"<h1>{_text(headline(verdict, words))}</h1></header>\n<main>\n{specimen}"
        f"{_holder(verdict.holder, words, portrait)}"
        f"{_section(words, 'page-next', _paragraph(closing(verdict, words), 'next'))}"
        f"{_section(words, 'page-not-passed', _not_passed(verdict, words))}"
        f"{_section(words, 'page-around', _around(verdict, words))}"
        f"{_section(words, 'page-checks', _checks(verdict, words))}"
        "</main></body></html>\n"
    )


def notice_html(text: str, language: str, *, reload: int) -> str:
    """A page that says one thing and is read anew: between two cards."""
    return f"{head(harmless(text), language, reload)}<body><main><h1>{_text(text)}</h1></main></body></html>\n"


def portrait_of(evidence: Evidence) -> bytes | None:
    """The portrait in DG2 anew as JPEG, which every browser shows, if there is one that can be read."""
    content = evidence.content(ElementaryFile.DG2)
    if content is None:
        return None
    try:
        return shown_on_screen(Dg2.parse(content).portrait.data)
    except BadInput:
        return None


def _holder(holder: Holder | None, words: Words, portrait: bytes | None) -> str:
    alt = _text(words.explain("page-portrait", {}))
    figure = f"<p class='quiet'>{_text(words.explain('page-no-portrait', {}))}</p>"
    if portrait is not None:
        data = base64.b64encode(portrait).decode("ascii")
        figure = f"<figure><img alt='{alt}' src='data:image/jpeg;base64,{data}'></figure>"
    if holder is None:
        told = _paragraph(words.explain("holder-not-read", {}))
    else:
        told = f"{_paragraph(full_name(holder) or '-', 'name')}<dl>{''.join(_items(holder, words))}</dl>"
    title = _text(words.in_short("page-holder"))
    return f"<section class='holder'>{figure}<div><h2>{title}</h2>{told}</div></section>\n"


def _items(holder: Holder, words: Words) -> Iterator[str]:
    century = "" if holder.birth_century_known else f" ({words.in_short('holder-century-unknown')})"
    cut = f" ({words.in_short('holder-name-cut')})" if holder.truncated else ""
    expiry = words.speaker.date(holder.date_of_expiry) if holder.date_of_expiry else words.in_short("holder-no-expiry")
    of_mrz = ", ".join(filter(None, (holder.primary_identifier, holder.secondary_identifier)))
    for label, value in (
        ("label-document-number", holder.document_number or "-"),
        ("label-date-of-birth", words.speaker.date(holder.date_of_birth) + century),
        ("label-date-of-expiry", expiry),
        ("label-sex", holder.sex),
        ("label-nationality", holder.nationality or "-"),
        ("label-document", ", ".join(filter(None, (holder.document_code, holder.issuing_state))) or "-"),
        ("label-mrz-name", of_mrz + cut),
        ("label-optional-data", holder.optional_data or "-"),
    ):
        yield f"<dt>{_text(words.in_short(label))}</dt><dd>{_text(value)}</dd>"


def _not_passed(verdict: Verdict, words: Words) -> str:
    """Failures first, then what is undetermined or was not made, then findings."""
    marked = [
        (result.status.value, explain_check(result, words.explain))
        for result in _sorted(verdict)
        if result.status is not CheckStatus.PASSED
    ]
    marked += [("finding", sentence) for result in verdict.checks for sentence in _findings(result, words)]
    if not marked:
        return _paragraph(words.explain("page-nothing", {}))
    return f"<ul>{''.join(f'<li>{_mark(status, words)} {_text(sentence)}</li>' for status, sentence in marked)}</ul>"


def _around(verdict: Verdict, words: Words) -> str:
    sentences = [*ages(verdict, words), *circumstances(verdict, words)]
    return f"<ul>{''.join(f'<li>{_text(sentence)}</li>' for sentence in sentences)}</ul>"


def _checks(verdict: Verdict, words: Words) -> str:
    titles = (words.in_short(label) for label in ("label-status", "label-check", "label-detail"))
    heads = "".join(f"<th scope='col'>{_text(title)}</th>" for title in titles)
    rows = "".join(
        f"<tr><td>{_mark(result.status.value, words)}</td><td><code>{_text(result.id)}</code></td>"
        f"<td>{_text(explain_check(result, words.explain))}</td></tr>"
        for result in _sorted(verdict)
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _sorted(verdict: Verdict) -> list[CheckResult]:
    return sorted(verdict.checks, key=lambda result: _ORDER.index(result.status))


def _findings(result: CheckResult, words: Words) -> Iterator[str]:
    return (words.explain(finding.reason, finding.facts) for finding in result.outcome.findings)


def _section(words: Words, code: str, content: str) -> str:
    return f"<section><h2>{_text(words.in_short(code))}</h2>{content}</section>\n"


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p class='{kind}'>{_text(text)}</p>" if kind else f"<p>{_text(text)}</p>"


def _mark(status: str, words: Words) -> str:
    return f"<span class='mark {status}'>{_text(words.status(status))}</span>"


def _text(text: str) -> str:
    return escape(harmless(text))
