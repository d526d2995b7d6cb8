"""`eid init`: a new authority's home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit_values, prompt, sentence, tell

if TYPE_CHECKING:
    from eid_toolkit.books.keys.compartments import Compartment


@click.command(cls=Command)
@click.option("--demo", is_flag=True)
@click.option("--country", default="UTO", show_default=True, metavar="CODE")
@click.option("--authority", metavar="NAME")
@click.option("--contact", metavar="ADDRESS")
@click.option("--register", "register_url", metavar="URL")
@click.option("--register-without-tls-verification", "tls_unverified", is_flag=True)
@click.option("--key-store", "key_stores", multiple=True, metavar="[COMPARTMENT=]URI")
@click.option("--signature-limit", type=click.IntRange(min=1), metavar="N")
@click.option("--without-csca", is_flag=True)
@format_option
@pass_app
def init(
    app: App,
    demo: bool,
    country: str,
    authority: str | None,
    contact: str | None,
    register_url: str | None,
    tls_unverified: bool,
    key_stores: tuple[str, ...],
    signature_limit: int | None,
    without_csca: bool,
    fmt: str,
) -> None:
    from eid_toolkit.books.authorities.authority_files import CSCA, SIGNER, AuthorityFiles
    from eid_toolkit.books.staff.recovery import on_paper
    from eid_toolkit.ground.home.config import UNVERIFIED, HomeConfig
    from eid_toolkit.standards.profiles import list_profiles, load_profile
    from eid_toolkit.work.office.founding import Enrolment, TokenPlace, check_names, check_plan, found

    if authority is None:
        if not demo:
            raise click.UsageError(sentence("init-authority-missing"))
        authority = "Specimen Authority"
    if tls_unverified and register_url is None:
        raise click.UsageError(sentence("init-tls-without-register"))
    config = HomeConfig(
        country.upper(),
        authority,
        demo,
        CLOCK.now(),
        register_url,
        signature_limit=signature_limit,
        register_tls=UNVERIFIED if tls_unverified else None,
    )
    profiles = [load_profile(name) for name in list_profiles()]
    places = _places(key_stores)
    check_plan(app.home_path, config, profiles, places.values())
    names = () if demo else _officers(app)
    check_names(names)
    officers = [Enrolment(name, app.own_passphrase(name)) for name in names]
    tokens = {compartment: TokenPlace(uri, app.token_pin(compartment)) for compartment, uri in places.items()}
    founded = found(
        app.home_path, config, profiles, officers, CLOCK, ENTROPY, contact, tokens, with_csca=not without_csca
    )
    home = founded.home
    shares = {name: on_paper(share) for name, share in founded.recovery_shares.items()}
    authorities = AuthorityFiles(home.pki)
    result = {
        "schema": "eid-init/1",
        "home": str(home.root),
        "country": config.country,
        "authority": config.authority,
        "specimen": config.demo,
        "states": [
            {
                "state": state,
                "csca": authorities.certificate(state, CSCA).subject.text,
                "csca_fingerprint": authorities.certificate(state, CSCA).fingerprint,
                "document_signer": authorities.certificate(state, SIGNER).subject.text,
                "crl_number": authorities.crl(state).number,
            }
            for state in authorities.states()
        ],
        "recovery_shares": shares,
    }
    pairs = [("Home", home.root), ("Country", config.country), ("Authority", config.authority)]
    pairs += [("CSCA", authorities.certificate(state, CSCA).subject.text) for state in authorities.states()]
    pairs += [(sentence("recovery-share-of", name=name), share) for name, share in shares.items()]
    emit_values(result, fmt, pairs)
    if demo:
        tell("init-specimen")
    else:
        tell("init-next")
    if without_csca:
        tell("init-without-csca-next")


def _officers(app: App) -> tuple[str, str]:
    """The names of the two security officers."""
    first = app.operator or prompt(sentence("ask-first-officer"))
    return first, app.second_operator or prompt(sentence("ask-second-officer"))


def _places(key_stores: tuple[str, ...]) -> dict[Compartment, str]:
    """The URI of the token of each compartment that has one."""
    from eid_toolkit.books.keys.compartments import Compartment

    places: dict[Compartment, str] = {}
    for text in key_stores:
        name, _, uri = text.partition("=") if not text.startswith("pkcs11:") else ("document-signing", "=", text)
        if text == "file":
            continue
        takes = [str(compartment) for compartment in Compartment if compartment.in_token]
        if name not in takes or name in places:
            raise click.UsageError(sentence("init-key-store-compartments", compartments=", ".join(takes)))
        places[Compartment(name)] = uri
    return places
