"""A component of a key, typed by the person who carries it: hidden, checked at once, three tries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import note, prompt, sentence
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret

if TYPE_CHECKING:
    from eid_toolkit.work.office.office import Office
    from eid_toolkit.work.office.vendor_keys import Custodian

VARIABLE = "EID_COMPONENT"
_TRIES = 3


def type_component(
    app: App, office: Office, who: Custodian, kcv: str | None, descriptor: int | None
) -> tuple[Secret, bytes]:
    """The component and its check value; raises what was wrong with the last try.

    From ``descriptor``, else ``EID_COMPONENT``, there is one try.
    """
    tries = 1 if descriptor is not None or VARIABLE in os.environ else _TRIES
    while True:
        tries -= 1
        try:
            return _once(app, office, who, kcv, descriptor)
        except BadInput as error:
            if tries == 0:
                raise
            shown = app.speaker.of(error)
            note(f"{shown.text} {shown.hint or ''}".strip())


def _once(app: App, office: Office, who: Custodian, kcv: str | None, descriptor: int | None) -> tuple[Secret, bytes]:
    from eid_toolkit.standards.crypto.check_values import parse_check_value
    from eid_toolkit.standards.crypto.key_components import parse_component
    from eid_toolkit.work.office.vendor_keys import check_component

    key, number = who.unfinished, who.number
    facts = {"number": number, "components": key.components, "vendor": key.of.vendor, "batch": key.of.batch}
    facts["operator"] = who.operator.name
    text = prompt(sentence("ask-component-check-value", **facts)) if kcv is None else kcv
    told = parse_check_value(text, key.terms.method)
    component = parse_component(app.component(descriptor, sentence("ask-component", **facts)).reveal())
    check_component(office, who, component, told)
    return component, told
