"""The corpus: small valid inputs for each target, made from the specimens and a card of a throw-away authority."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import IO

from benchmarks.bureau import CLOCK, ENTROPY, Bureau, Tap, powered

from eid_toolkit.books.register.people.person_files import write_csv, write_jsonl
from eid_toolkit.cards.emulator import image
from eid_toolkit.ground.images.portrait import Portrait, make_portrait
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_security import build_card_security
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.profiles import list_profiles
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec.shipped_specs import shipped_specs
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence_format import encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.specimens import persons
from fuzz.trust_seeds import trust_seeds

_VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors"
_TD1 = "IDVNM0990000176000099000017<<69901018M3901016VNM<<<<<<<<<<<8NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"
_TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"


class SmallBureau(Bureau):
    """With portraits of a few pixels: a fuzzer wants small inputs."""

    @cached_property
    def portrait(self) -> Portrait:
        return make_portrait(self.specimen.portrait(), replace(self.profile.portrait, width=24, height=32, budget=2000))


def write_corpus(folder: Path) -> None:
    """Writes one directory for each target; inputs of other names, which once broke something, stay."""
    for target, inputs in seeds().items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, content in inputs.items():
            (folder / target / name).write_bytes(content)


def seeds() -> dict[str, dict[str, bytes]]:
    """By target and name."""
    with tempfile.TemporaryDirectory(prefix="eid-fuzz-") as temporary:
        bureau = SmallBureau(Path(temporary))
        personalized = bureau.personalize()
        contents = dict(personalized.package.files)
        password = AccessPassword.from_can(personalized.package.can.reveal().decode())
        with powered(Tap(personalized.tap)) as (tap, transport):
            evidence = capture(transport, password, policy_by_name("officer"), ENTROPY, CLOCK)
        signer_certificate, signer = bureau.document_signer
        infos = Dg14.parse(contents[ElementaryFile.DG14]).security_infos
        contents[ElementaryFile.CARD_SECURITY] = build_card_security(infos, "sha256", signer, signer_certificate.der)
        pki = {path.name: path.read_bytes() for path in sorted(bureau.home.pki.rglob("*.c[er][rl]"))}
        memory = image.encode(personalized.tap.card.memory)
    national = VietnamNationalData.of({NationalField.FULL_NAME: "Nguyễn Văn An", NationalField.PARENTS: ("A", "B")})
    contents[ElementaryFile.DG13] = Dg13(national.encode()).encode()
    contents[ElementaryFile.DIR] = EfDir().encode()
    contents[ElementaryFile.ATR_INFO] = AtrInfo.of(2048, 16384).encode()
    contents[ElementaryFile.CVCA] = EfCvca((KeyReference("UTCVCA00001"),)).encode()
    contents[ElementaryFile.DG16] = tlv.encode(0x70, b"\x02\x01\x00")
    by_target = {
        file.file_name.removesuffix(".bin").lower().replace("_", "-"): {"specimen": content}
        for file, content in contents.items()
    }
    sod = Sod.parse(contents[ElementaryFile.SOD])
    certificates = {name: data for name, data in pki.items() if name.endswith(".cer")}
    lists = {name: data for name, data in pki.items() if name.endswith(".crl")}
    published = json.loads((_VECTORS / "bsi_eac_cv_certificates.json").read_text("utf-8"))
    shipped = files("eid_toolkit.standards.profiles").joinpath("shipped")
    return by_target | {
        **biometrics(),
        **trust_seeds(),
        "tlv": {"dg14": contents[ElementaryFile.DG14]},
        "command-apdu": {f"{number:02}": command for number, (command, _) in enumerate(tap.exchanges[:12])},
        "response-apdu": {f"{number:02}": answer for number, (_, answer) in enumerate(tap.exchanges[:6])},
        "dgi": {"create": layout.create_file(ElementaryFile.DG1, 95).encode()},
        "security-infos": {"card-access": contents[ElementaryFile.CARD_ACCESS]},
        "cms": {"sod": tlv.parse(sod.encode()).value},
        "certificate": certificates,
        "crl": lists,
        "cv-certificate": {key: bytes.fromhex(value) for key, value in _hex_certificates(published)},
        "decode": {"mrz": _TD1.encode(), "sod": sod.encode(), **lists},
        "asn1": {"sod": sod.encode(), "dg14": contents[ElementaryFile.DG14], **certificates, **lists},
        "mrz": {"td1": _TD1.encode(), "td3": _TD3.encode()},
        "evidence": {"specimen": encode_evidence(evidence)},
        "card-image": {"specimen": memory},
        "persons": {"csv": _persons(write_csv), "jsonl": _persons(write_jsonl)},
        "card-spec": {entry.name: entry.read_bytes() for entry in shipped_specs().values()},
        "profile": {name: shipped.joinpath(f"{name}.toml").read_bytes() for name in list_profiles()},
    }


def biometrics() -> dict[str, dict[str, bytes]]:
    """Fingers and irises, which no profile issues yet: records, no template at all, and blocks of ISO/IEC 39794."""
    wsq, jpeg_2000 = b"\xff\xa0\xff image", b"\xff\x4f\xff\x51 image"
    fingers = Dg3.of_fingers(*(FingerView(wsq, 3, 4, finger) for finger in (Finger.RIGHT_INDEX, Finger.LEFT_INDEX)))
    irises = Dg4.of_irises((Eye.RIGHT, jpeg_2000), (Eye.LEFT, jpeg_2000), width=4, height=3)
    eye, depth, code = tlv.encode(0x80, b"\x01"), tlv.encode(0x82, b"\x08"), tlv.encode(0x80, b"\x01")
    finger_block = _block(0x64, tlv.encode(0xA0, code), tlv.encode(0xA2, code), tlv.encode(0x83, wsq))
    iris_block = _block(0x66, eye, tlv.encode(0xA1, code), depth, tlv.encode(0xA3, code), tlv.encode(0x88, jpeg_2000))
    return {
        "ef-dg3": {
            "specimen": fingers.encode(),
            "empty": Dg3((), b"random").encode(),
            "block": tlv.encode(Dg3.TAG, finger_block),
        },
        "ef-dg4": {
            "specimen": irises.encode(),
            "empty": Dg4((), b"random").encode(),
            "block": tlv.encode(Dg4.TAG, iris_block),
        },
    }


def _block(tag: int, *fields: bytes) -> bytes:
    """A group with one template of ISO/IEC 39794 with one representation."""
    block = tlv.encode(tag, tlv.encode(0xA1, der.sequence(*fields)))
    data = tlv.encode(0x7F2E, tlv.encode(0xA1, block))
    return tlv.encode(0x7F61, der.integer(1), tlv.encode(0x7F60, tlv.encode(0xA1), data))


def _persons(write: Callable[[Iterable[Mapping[str, str | None]], IO[str]], None]) -> bytes:
    stream = io.StringIO()
    write([person.record for person in persons()], stream)
    return stream.getvalue().encode()


def _hex_certificates(published: object) -> list[tuple[str, str]]:
    """Whatever in the vector is a card-verifiable certificate (tag 7F21)."""
    if isinstance(published, dict):
        return [
            (key, value)
            for key, item in published.items()
            for key, value in ([(key, item)] if isinstance(item, str) else _hex_certificates(item))
            if value.lower().startswith("7f21")
        ]
    return []
