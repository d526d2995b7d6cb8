"""Sign EF.SOD over DG1 and DG2 with your own document signer: python sign_records.py FOLDER

The folder holds EF_DG1.bin, EF_DG2.bin, signer.key (PKCS #8, PEM) and signer.cer; EF_COM.bin and EF_SOD.bin are added.
"""

import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from eid_toolkit import sign_records

folder = Path(sys.argv[1])
key = load_pem_private_key((folder / "signer.key").read_bytes(), None)
groups = {number: (folder / f"EF_DG{number}.bin").read_bytes() for number in (1, 2)}
for name, content in sign_records(groups, key, (folder / "signer.cer").read_bytes()).items():
    (folder / (name.replace(".", "_") + ".bin")).write_bytes(content)
