"""Status words (ISO/IEC 7816-4 5.6, GlobalPlatform Card Specification 11.1.3)."""

from __future__ import annotations

from enum import IntEnum


class StatusWord(IntEnum):
    """The status words that this toolkit sends or tells apart."""

    OK = 0x9000
    MORE_DATA = 0x6100
    """61xx: xx bytes wait for GET RESPONSE."""
    END_OF_FILE = 0x6282
    FILE_DEACTIVATED = 0x6283
    WARNING_COUNTER = 0x63C0
    """63Cx: wrong password, x tries left."""
    AUTHENTICATION_FAILED = 0x6300
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    LOGICAL_CHANNEL_NOT_SUPPORTED = 0x6881
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    LAST_COMMAND_EXPECTED = 0x6883
    CHAINING_NOT_SUPPORTED = 0x6884
    INCOMPATIBLE_FILE_STRUCTURE = 0x6981
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_EF = 0x6986
    SM_OBJECTS_MISSING = 0x6987
    SM_OBJECTS_INCORRECT = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    NOT_ENOUGH_MEMORY = 0x6A84
    NC_INCONSISTENT_WITH_TLV = 0x6A85
    WRONG_P1P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    FILE_EXISTS = 0x6A89
    WRONG_OFFSET = 0x6B00
    WRONG_LE = 0x6C00
    """6Cxx: xx is the right Le."""
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    UNKNOWN_ERROR = 0x6F00


def is_card_failure(sw: int) -> bool:
    """Whether the card says that it failed itself (SW1 64 to 66, or 6F), and nothing of the command."""
    return 0x64 <= sw >> 8 <= 0x66 or sw >> 8 == 0x6F


def describe(sw: int) -> str:
    """The status word in words, for a person."""
    if sw >> 8 == 0x61:
        return f"{sw & 0xFF or 256} more bytes"
    if sw >> 8 == 0x6C:
        return f"wrong Le, {sw & 0xFF or 256} is right"
    if sw & 0xFFF0 == 0x63C0:
        return f"verification failed, {sw & 0xF} tries left"
    try:
        return StatusWord(sw).name.replace("_", " ").lower()
    except ValueError:
        return "unknown status word"
