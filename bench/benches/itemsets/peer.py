"""The peer: Borgelt's Eclat (pyfim). Arguments: a FIMI file, a minimum support, how many runs, where the sets go.

Prints the seconds of the fastest run, and the most memory in bytes."""

import resource
import sys
import time

from fim import eclat

path, minimum, num_runs, output = sys.argv[1:]
with open(path) as file:
    transactions = [[int(item) for item in line.split()] for line in file]
fastest = float("inf")
for _ in range(int(num_runs)):
    found = None
    started = time.perf_counter()
    found = eclat(transactions, supp=-int(minimum), zmin=1, report="a")
    fastest = min(fastest, time.perf_counter() - started)
peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
with open(output, "w") as file:
    for items, support in sorted((sorted(items), support) for items, support in found):
        print(*items, f"({support})", file=file)
print(fastest, peak_bytes)
