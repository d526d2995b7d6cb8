"""Write the files of a card into a folder, and show two of them: python dump_and_parse.py READER FOLDER"""

import sys
from pathlib import Path

from eid_toolkit import Can, open_reader, parse_file, read

with open_reader(sys.argv[1]) as card:
    files = read(card, Can(input("CAN: "))).files
for name, content in files.items():
    Path(sys.argv[2], name.replace(".", "_") + ".bin").write_bytes(content)
print(*parse_file(files["EF.DG1"]).mrz.lines, sep="\n")
print(parse_file(files["EF.DG2"]).portrait.media_type)
