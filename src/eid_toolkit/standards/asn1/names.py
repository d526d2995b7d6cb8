"""What object identifiers are called in the standards that define them, for people who read a structure."""

from __future__ import annotations

from eid_toolkit.standards.asn1 import oids

_PKCS, _SECG, _CE = "1.2.840.113549.1", "1.3.132.0", "2.5.29"
_ECDSA, _NIST, _BRAINPOOL = "1.2.840.10045.4", "2.16.840.1.101.3.4", "1.3.36.3.3.2.8.1.1"

_NAMES = {
    # ICAO Doc 9303-10, -11 and -12
    oids.LDS_SECURITY_OBJECT: "id-icao-mrtd-security-ldsSecurityObject",
    oids.CSCA_MASTER_LIST: "id-icao-mrtd-security-cscaMasterList",
    oids.CSCA_MASTER_LIST_SIGNING_KEY: "id-icao-mrtd-security-cscaMasterListSigningKey",
    oids.AA_PROTOCOL: "id-icao-mrtd-security-aaProtocolObject",
    oids.NAME_CHANGE: "id-icao-mrtd-security-extensions-nameChange",
    oids.DOCUMENT_TYPE_LIST: "id-icao-mrtd-security-extensions-documentTypeList",
    oids.DEVIATION_LIST: "id-icao-mrtd-security-deviationList",
    oids.DEVIATION_LIST_SIGNING_KEY: "id-icao-mrtd-security-deviationListSigningKey",
    # BSI TR-03110-3 A.1.1 and TR-03111 5.2.1
    oids.SECURITY_OBJECT: "id-SecurityObject",
    oids.ID_TA: "id-TA",
    oids.ID_PK_DH: "id-PK-DH",
    oids.ID_PK_ECDH: "id-PK-ECDH",
    **{oid: f"ecdsa-plain-{digest.upper()}" for digest, oid in oids.ECDSA_PLAIN.items()},
    # RFC 5652 and PKCS #9
    f"{_PKCS}.7.1": "id-data",
    f"{_PKCS}.7.2": "id-signedData",
    f"{_PKCS}.9.3": "id-contentType",
    f"{_PKCS}.9.4": "id-messageDigest",
    f"{_PKCS}.9.5": "id-signingTime",
    f"{_PKCS}.9.1": "emailAddress",
    # RFC 8017, RFC 5758, RFC 5754 and SEC 1
    f"{_PKCS}.1.1": "rsaEncryption",
    f"{_PKCS}.1.5": "sha1WithRSAEncryption",
    f"{_PKCS}.1.8": "id-mgf1",
    f"{_PKCS}.1.10": "id-RSASSA-PSS",
    f"{_PKCS}.1.11": "sha256WithRSAEncryption",
    f"{_PKCS}.1.12": "sha384WithRSAEncryption",
    f"{_PKCS}.1.13": "sha512WithRSAEncryption",
    f"{_PKCS}.1.14": "sha224WithRSAEncryption",
    f"{_PKCS}.3.1": "dhKeyAgreement",
    "1.2.840.10046.2.1": "dhpublicnumber",
    "1.2.840.10045.1.1": "prime-field",
    "1.2.840.10045.2.1": "id-ecPublicKey",
    f"{_ECDSA}.1": "ecdsa-with-SHA1",
    f"{_ECDSA}.3.1": "ecdsa-with-SHA224",
    f"{_ECDSA}.3.2": "ecdsa-with-SHA256",
    f"{_ECDSA}.3.3": "ecdsa-with-SHA384",
    f"{_ECDSA}.3.4": "ecdsa-with-SHA512",
    "1.3.14.3.2.26": "id-sha1",
    f"{_NIST}.2.1": "id-sha256",
    f"{_NIST}.2.2": "id-sha384",
    f"{_NIST}.2.3": "id-sha512",
    f"{_NIST}.2.4": "id-sha224",
    # SEC 2 and RFC 5639
    "1.2.840.10045.3.1.1": "secp192r1",
    "1.2.840.10045.3.1.7": "secp256r1",
    f"{_SECG}.33": "secp224r1",
    f"{_SECG}.34": "secp384r1",
    f"{_SECG}.35": "secp521r1",
    **{
        f"{_BRAINPOOL}.{arc}": f"brainpoolP{bits}r1"
        for arc, bits in ((3, 192), (5, 224), (7, 256), (9, 320), (11, 384), (13, 512))
    },
    # X.520
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.42": "givenName",
    "2.5.4.97": "organizationIdentifier",
    # RFC 5280
    f"{_CE}.14": "id-ce-subjectKeyIdentifier",
    f"{_CE}.15": "id-ce-keyUsage",
    f"{_CE}.16": "id-ce-privateKeyUsagePeriod",
    f"{_CE}.17": "id-ce-subjectAltName",
    f"{_CE}.18": "id-ce-issuerAltName",
    f"{_CE}.19": "id-ce-basicConstraints",
    f"{_CE}.20": "id-ce-cRLNumber",
    f"{_CE}.21": "id-ce-cRLReasons",
    f"{_CE}.27": "id-ce-deltaCRLIndicator",
    f"{_CE}.28": "id-ce-issuingDistributionPoint",
    f"{_CE}.29": "id-ce-certificateIssuer",
    f"{_CE}.31": "id-ce-cRLDistributionPoints",
    f"{_CE}.32": "id-ce-certificatePolicies",
    f"{_CE}.32.0": "anyPolicy",
    f"{_CE}.35": "id-ce-authorityKeyIdentifier",
    f"{_CE}.37": "id-ce-extKeyUsage",
    f"{_CE}.37.0": "anyExtendedKeyUsage",
    f"{_CE}.46": "id-ce-freshestCRL",
}
_CIPHERS = {1: "3DES-CBC-CBC", 2: "AES-CBC-CMAC-128", 3: "AES-CBC-CMAC-192", 4: "AES-CBC-CMAC-256"}
_AGREEMENTS = {
    f"{oids.ID_CA}.1": "id-CA-DH",
    f"{oids.ID_CA}.2": "id-CA-ECDH",
    f"{oids.ID_PACE}.1": "id-PACE-DH-GM",
    f"{oids.ID_PACE}.2": "id-PACE-ECDH-GM",
    f"{oids.ID_PACE}.3": "id-PACE-DH-IM",
    f"{oids.ID_PACE}.4": "id-PACE-ECDH-IM",
    f"{oids.ID_PACE}.6": "id-PACE-ECDH-CAM",
}
_NAMES |= _AGREEMENTS | {
    f"{oid}.{arc}": f"{name}-{cipher}" for oid, name in _AGREEMENTS.items() for arc, cipher in _CIPHERS.items()
}


def name_of(oid: str) -> str | None:
    """The name of a dotted identifier, or None for one that is not in the standards followed here."""
    return _NAMES.get(oid)
