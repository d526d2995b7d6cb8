"""Codes of states and organizations: of the MRZ (Doc 9303-3 section 5), and with two letters of certificates."""

from __future__ import annotations

# ISO 3166-1, three letters and two.
_STATES = """
ABW:AW AFG:AF AGO:AO AIA:AI ALA:AX ALB:AL AND:AD ARE:AE ARG:AR ARM:AM ASM:AS ATA:AQ ATF:TF ATG:AG AUS:AU AUT:AT
AZE:AZ BDI:BI BEL:BE BEN:BJ BES:BQ BFA:BF BGD:BD BGR:BG BHR:BH BHS:BS BIH:BA BLM:BL BLR:BY BLZ:BZ BMU:BM BOL:BO
BRA:BR BRB:BB BRN:BN BTN:BT BVT:BV BWA:BW CAF:CF CAN:CA CCK:CC CHE:CH CHL:CL CHN:CN CIV:CI CMR:CM COD:CD COG:CG
COK:CK COL:CO COM:KM CPV:CV CRI:CR CUB:CU CUW:CW CXR:CX CYM:KY CYP:CY CZE:CZ DEU:DE DJI:DJ DMA:DM DNK:DK DOM:DO
DZA:DZ ECU:EC EGY:EG ERI:ER ESH:EH ESP:ES EST:EE ETH:ET FIN:FI FJI:FJ FLK:FK FRA:FR FRO:FO FSM:FM GAB:GA GBR:GB
GEO:GE GGY:GG GHA:GH GIB:GI GIN:GN GLP:GP GMB:GM GNB:GW GNQ:GQ GRC:GR GRD:GD GRL:GL GTM:GT GUF:GF GUM:GU GUY:GY
HKG:HK HMD:HM HND:HN HRV:HR HTI:HT HUN:HU IDN:ID IMN:IM IND:IN IOT:IO IRL:IE IRN:IR IRQ:IQ ISL:IS ISR:IL ITA:IT
JAM:JM JEY:JE JOR:JO JPN:JP KAZ:KZ KEN:KE KGZ:KG KHM:KH KIR:KI KNA:KN KOR:KR KWT:KW LAO:LA LBN:LB LBR:LR LBY:LY
LCA:LC LIE:LI LKA:LK LSO:LS LTU:LT LUX:LU LVA:LV MAC:MO MAF:MF MAR:MA MCO:MC MDA:MD MDG:MG MDV:MV MEX:MX MHL:MH
MKD:MK MLI:ML MLT:MT MMR:MM MNE:ME MNG:MN MNP:MP MOZ:MZ MRT:MR MSR:MS MTQ:MQ MUS:MU MWI:MW MYS:MY MYT:YT NAM:NA
NCL:NC NER:NE NFK:NF NGA:NG NIC:NI NIU:NU NLD:NL NOR:NO NPL:NP NRU:NR NZL:NZ OMN:OM PAK:PK PAN:PA PCN:PN PER:PE
PHL:PH PLW:PW PNG:PG POL:PL PRI:PR PRK:KP PRT:PT PRY:PY PSE:PS PYF:PF QAT:QA REU:RE ROU:RO RUS:RU RWA:RW SAU:SA
SDN:SD SEN:SN SGP:SG SGS:GS SHN:SH SJM:SJ SLB:SB SLE:SL SLV:SV SMR:SM SOM:SO SPM:PM SRB:RS SSD:SS STP:ST SUR:SR
SVK:SK SVN:SI SWE:SE SWZ:SZ SXM:SX SYC:SC SYR:SY TCA:TC TCD:TD TGO:TG THA:TH TJK:TJ TKL:TK TKM:TM TLS:TL TON:TO
TTO:TT TUN:TN TUR:TR TUV:TV TWN:TW TZA:TZ UGA:UG UKR:UA UMI:UM URY:UY USA:US UZB:UZ VAT:VA VCT:VC VEN:VE VGB:VG
VIR:VI VNM:VN VUT:VU WLF:WF WSM:WS YEM:YE ZAF:ZA ZMB:ZM ZWE:ZW
"""
# Doc 9303-3 section 5: what the MRZ adds to ISO 3166-1. Kosovo's certificates are found with KS and with XK.
_OTHERS = """
D:DE GBD:GB GBN:GB GBO:GB GBP:GB GBS:GB RKS:KS RKS:XK EUE:EU UNO:UN UNA:UN UNK:UN UTO:UT XCC:XC XOM:XO XPO:XP
"""

# Doc 9303-3 section 5: who has no state (XXA to XXX), organizations that issue documents; and the old Neutral Zone.
_NO_STATES = "XXA XXB XXC XXX XBA XIM XCE XCO XEC XES XMP XDC NTZ"

# States, and the territories for which they issue documents, which have codes of their own in ISO 3166-1.
_TERRITORIES = """
AUS:CCK,CXR,NFK CHN:HKG,MAC DNK:FRO,GRL FIN:ALA FRA:ATF,BLM,GLP,GUF,MAF,MTQ,MYT,NCL,PYF,REU,SPM,WLF
GBR:AIA,BMU,CYM,FLK,GGY,GIB,IMN,IOT,JEY,MSR,PCN,SGS,SHN,TCA,VGB NLD:ABW,BES,CUW,SXM NOR:BVT,SJM NZL:COK,NIU,TKL
USA:ASM,GUM,MNP,PRI,UMI,VIR
"""
_STATE_OF = {
    code: state
    for state, _, codes in (line.partition(":") for line in _TERRITORIES.split())
    for code in codes.split(",")
}
_PAIRS = [(code, two) for code, _, two in (pair.partition(":") for pair in (_STATES + _OTHERS).split())]
_NATIONALITIES = {code for code, _ in _PAIRS} - {"DEU"} | set(_NO_STATES.split())  # in an MRZ Germany is D
_TWO_LETTERS = dict(reversed(_PAIRS))  # reversed: the first of several counts
_SAME = frozenset(_PAIRS)
_THREE_LETTERS: dict[str, str] = {}
for _code, _two in _PAIRS:
    _THREE_LETTERS.setdefault(_two, _code)
_CERTIFICATE_CODES = frozenset(two for _, two in _PAIRS)

SPECIMEN_STATE = "UT"
"""Utopia, the state of specimens (Doc 9303-3)."""


def two_letters(code: str) -> str | None:
    """The code that certificates use, for a code of the MRZ (``UTO`` gives ``UT``); None if there is none."""
    return _TWO_LETTERS.get(_clean(code))


def is_two_letters(code: str) -> bool:
    """Whether a code, in upper case, is the one that certificates use for some state or organization."""
    return code in _CERTIFICATE_CODES


def is_nationality(code: str) -> bool:
    """Whether a code, in upper case, may stand as nationality in an MRZ (Doc 9303-3 section 5)."""
    return code in _NATIONALITIES


def is_state(code: str) -> bool:
    """Whether a code, of the MRZ or of two letters, in whatever case, is one of some state or organization."""
    cleaned = _clean(code)
    return cleaned in _TWO_LETTERS or cleaned in _CERTIFICATE_CODES


def same_state(first: str, second: str) -> bool:
    """Whether two codes, of the MRZ or of two letters, in whatever case, stand for one state or organization."""
    first, second = _clean(first), _clean(second)
    if first == second or (first, second) in _SAME or (second, first) in _SAME:
        return True
    one, other = _first_two_letters(first), _first_two_letters(second)
    return one is not None and one == other


def is_part_of(code: str, state: str) -> bool:
    """Whether a code is that of a territory for which the state issues documents (``GRL`` for ``DNK``)."""
    cleaned = _clean(code)
    owner = _STATE_OF.get(_THREE_LETTERS.get(cleaned, cleaned))
    return owner is not None and same_state(owner, state)


def _first_two_letters(code: str) -> str | None:
    """The two letters that count of a code, which may itself be others of the same state (Kosovo's XK is its KS)."""
    return _TWO_LETTERS.get(_THREE_LETTERS.get(code, code))


def _clean(code: str) -> str:
    return code.strip().rstrip("<").upper()
