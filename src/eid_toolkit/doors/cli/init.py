"""`eid init`: a new authority's home."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit_values, note


@click.command(cls=Command)
@click.option(
    "--demo",
    is_flag=True,
    help="A home for trying things out: no operator keys, developer card keys, everything SPECIMEN.",
)
@click.option("--country", default="UTO", show_default=True, metavar="CODE", help="The state's code as in the MRZ.")
@click.option("--authority", metavar="NAME", help="The authority's name, as shown in certificates and documents.")
@click.option("--contact", metavar="ADDRESS", help="The authority's e-mail or web address, for certificates.")
@click.option("--register", "register_url", metavar="URL", help="The register's database, if not a file in the home.")
@click.option(
    "--register-without-tls-verification",
    "tls_unverified",
    is_flag=True,
    help="Allow a register on another host without TLS, or with a server certificate that is not verified.",
)
@click.option("--key-store", metavar="URI", help="A pkcs11: URI of the token to hold the keys, or `file`.")
@click.option(
    "--signature-limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Maximum number of signatures per document signer; 100 000 by default.",
)
@click.option(
    "--without-csca", is_flag=True, help="Create document signers only, to be certified by the CSCA of another home."
)
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
    key_store: str | None,
    signature_limit: int | None,
    without_csca: bool,
    fmt: str,
) -> None:
    """Create the home of an authority, with CSCA, document signer and first CRL.

    Without --demo, a new passphrase for the key store is asked for, or read from --passphrase-fd or EID_PASSPHRASE;
    then add operators with `eid operator add`. With --key-store, the PIN of the token is asked for, or read from
    --pin-fd or EID_PIN.
    """
    from eid_toolkit.books.authorities.authority_files import CSCA, SIGNER, AuthorityFiles
    from eid_toolkit.books.ledger.register_address import RegisterAddress
    from eid_toolkit.ground.home.config import UNVERIFIED, HomeConfig
    from eid_toolkit.standards.profiles import list_profiles, load_profile
    from eid_toolkit.work.office.founding import found

    if authority is None:
        if not demo:
            raise click.UsageError("Missing option '--authority' (only a demo home has a default name).")
        authority = "Specimen Authority"
    if tls_unverified and register_url is None:
        raise click.UsageError("Option '--register-without-tls-verification' needs '--register'.")
    token, tls = None if key_store in (None, "file") else key_store, UNVERIFIED if tls_unverified else None
    config = HomeConfig(country.upper(), authority, demo, CLOCK.now(), register_url, token, signature_limit, tls)
    RegisterAddress.configured(config)  # a wrong one is told before anything is asked for
    passphrase = None if demo else app.passphrase(new=True)
    profiles = [load_profile(name) for name in list_profiles()]
    home = found(
        app.home_path, config, profiles, passphrase, CLOCK, ENTROPY, contact, app.pin, with_csca=not without_csca
    )
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
    }
    pairs = [("Home", home.root), ("Country", config.country), ("Authority", config.authority)]
    pairs += [("CSCA", authorities.certificate(state, CSCA).subject.text) for state in authorities.states()]
    emit_values(result, fmt, pairs)
    if demo:
        note("SPECIMEN: a home for trying things out. It does not produce real documents.")
    else:
        note("Next: run eid operator add NAME for at least two people.")
    if without_csca:
        note("Then: run eid pki ds request here, and eid pki ds issue in the home that has the CSCA.")
