"""Judge the files that another tool has dumped: python judge_files.py FOLDER FOLDER-OF-CSCA-CERTIFICATES"""

import sys

from eid_toolkit import Trust, judge

verdict = judge(sys.argv[1], Trust.from_folder(sys.argv[2]))
for check in verdict.checks:
    print(check.id, check.status, verdict.explain(check))
