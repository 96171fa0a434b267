"""`python -m demo up|down`: the demo province alone, without the platform."""

import sys

from demo import province
from warehouse.connect import home

if sys.argv[1:2] == ["down"]:
    print("đã dừng:", ", ".join(province.stop(home())) or "không có gì")
else:
    for name, value in province.start(home(), progress=lambda text: print(text, file=sys.stderr)).items():
        print(f"{name}={value}")
