"""implicit's ALS over a file of pairs: the fastest iteration in seconds, and the vectors that it ends with."""

import sys
import time

import numpy
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares

path, dimensions, iterations, confidence, regularization, threads, output = sys.argv[1:]
pairs = numpy.loadtxt(path, delimiter=",", dtype=numpy.int32)
ones = numpy.ones(len(pairs), dtype=numpy.float32)
matrix = scipy.sparse.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])))
seconds = []
model = AlternatingLeastSquares(
    factors=int(dimensions),
    iterations=int(iterations),
    alpha=float(confidence),
    regularization=float(regularization),
    num_threads=int(threads),
    random_state=1,
)
model.fit(
    matrix,
    show_progress=False,
    callback=lambda iteration, elapsed, loss: seconds.append(elapsed),
)
for name, vectors in [("users", model.user_factors), ("items", model.item_factors)]:
    vectors.astype("<f4").tofile(f"{output}.{name}")
print(min(seconds))
