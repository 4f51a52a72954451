"""python_headers.py PROCESSOR FOLDER: prints the folder to search for pyconfig.h first.

Debian keeps one pyconfig.h for each processor, in a folder that Python.h looks for
among those of the compiler. The stable ABI of all 64-bit Linux is the same, so that of
this Python serves for others too.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

processor, folder = sys.argv[1], Path(sys.argv[2])
config = Path(sysconfig.get_config_h_filename())
if not config.exists():
    sys.exit(f"make: {sys.executable} has no headers ({config}): install python3-dev")
version = "python{}.{}".format(*sys.version_info)
copy = folder / f"{processor}-linux-gnu" / version / "pyconfig.h"
copy.parent.mkdir(parents=True, exist_ok=True)
shutil.copyfile(config, copy)
print(folder)
