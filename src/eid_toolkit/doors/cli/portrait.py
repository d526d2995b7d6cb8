"""`eid portrait`: pictures looked at before they become portraits; no home is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, list_format_option, pass_app
from eid_toolkit.doors.cli.output import details, emit
from eid_toolkit.doors.cli.portrait_doubts import finding_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.work.office import portraits

if TYPE_CHECKING:
    from eid_toolkit.work.office.portraits import CheckedPortrait

_MEASURED = (
    "width", "height", "turned", "cut", "grey", "brightness", "tones", "black", "white", "background", "sharpness",
)  # fmt: skip


@click.group(cls=Group)
def portrait() -> None:
    pass


@portrait.command("check")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--profile", metavar="NAME")
@list_format_option
@pass_app
def check(app: App, files: tuple[Path, ...], profile: str | None, fmt: str) -> None:
    wanted = portraits.format_of(profile, app.home_path)
    rows = [_row(app, portraits.check_portrait(file, wanted)) for file in files]
    emit(rows, fmt, lambda: "\n\n".join(map(_text, rows)))
    refused = sum(row["verdict"] == "refused" for row in rows)
    if refused:
        raise BadInput("portraits-refused", count=refused)


def _row(app: App, checked: CheckedPortrait) -> dict[str, Any]:
    measures, size = checked.measures, checked.size
    row: dict[str, Any] = {"file": checked.file, "verdict": checked.verdict, "measured": None, "portrait": None}
    if measures is None or size is None:
        error = checked.error or BadInput("portrait-no-image")
        told = app.speaker.of(error)
        finding = {"code": error.code, "severity": "refused", "value": None, "limit": None, "message": told.text}
        return {**row, "findings": [finding]}
    row["measured"] = {name: getattr(measures, name) for name in _MEASURED}
    row["portrait"] = {"width": size[0], "height": size[1], "bytes": checked.bytes}
    row["findings"] = [
        {
            "code": finding.code,
            "severity": str(finding.severity),
            "value": finding.value,
            "limit": finding.limit,
            "message": finding_text(finding, app.speaker),
        }
        for finding in measures.findings
    ]
    return row


def _text(row: Mapping[str, Any]) -> str:
    speaker = presentation().speaker
    pairs: list[tuple[str, object]] = [("file", row["file"]), ("verdict", speaker.value(row["verdict"]))]
    measured, finished = row["measured"], row["portrait"]
    if measured is not None:
        form = speaker.in_short("picture-size-turned" if measured["turned"] else "picture-size")
        pairs.append(("handed in", form.format(width=measured["width"], height=measured["height"])))
        pairs.append(("cut away", f"{measured['cut']:.0%}"))
        pairs.append(("portrait", speaker.in_short("portrait-size").format_map(finished)))
        pairs.append(("colour", speaker.value("grey" if measured["grey"] else "colour")))
        pairs += [(name, measured[name]) for name in ("brightness", "tones")]
        pairs += [(name, f"{measured[name]:.1%}") for name in ("black", "white")]
        pairs += [(name, measured[name]) for name in ("background", "sharpness")]
    pairs += [(finding["severity"], finding["message"]) for finding in row["findings"]]
    return details(pairs)
